-- Grain: one row for each area below a country and year without a population, from the first year that a population
-- source declares to that of its last shares: the area's share of the country at its level, as it was in one year or on
-- the line through two, of the country's population of that year; marked E. All persons together. The shares of a level
-- add up to 1, so its areas add up to the country. Nothing is made where any source gives the population. It has the
-- caveats of all that it is computed from: the parts of the country in the years of the shares, and the country.
-- reads: out.population, out.area, backcast
-- writes: out.population
INSERT INTO out.population BY NAME
WITH people AS (
    SELECT source, vintage, ref_area, area_level, time_period, CAST(time_period AS INTEGER) AS year, population,
        caveats
    FROM out.population
    WHERE sex = '_T' AND age = '_T' AND population IS NOT NULL
),
below AS (  -- areas of the second level lie in one of the first
    SELECT low.code AS ref_area, coalesce(middle.parent, low.parent) AS country
    FROM out.area AS low
    LEFT JOIN out.area AS middle ON middle.code = low.parent
    WHERE low.parent IS NOT NULL AND low.area_level <> 'not_stated'
),
part AS (
    SELECT people.*, country, backcast.* EXCLUDE (source),
        population / sum(population) OVER (PARTITION BY source, country, area_level, year) AS share,
        string_agg(DISTINCT caveats, ';') OVER (PARTITION BY source, country, area_level, year) AS share_caveats
    FROM people
    JOIN backcast USING (source)
    JOIN below USING (ref_area)
),
line AS (
    SELECT source, any_value(vintage) AS vintage, country, ref_area, any_value(area_level) AS area_level,
        any_value(first_year) AS first_year, any_value(share_year) AS share_year,
        any_value(last_share_year) AS last_share_year, any_value(country_source) AS country_source,
        any_value(priority) AS priority,
        max(share) FILTER (year = share_year) AS share, max(share) FILTER (year = last_share_year) AS last_share,
        string_agg(share_caveats, ';') FILTER (year IN (share_year, last_share_year)) AS share_caveats
    FROM part
    GROUP BY source, country, ref_area
)
SELECT line.source, line.vintage, line.ref_area, line.area_level, people.time_period, '_T' AS sex, '_T' AS age,
    people.population
        * (share + (last_share - share) * coalesce((people.year - share_year) / nullif(last_share_year - share_year, 0), 0))
        AS population,
    'E' AS obs_status, line.country_source,
    (SELECT min(part.year) FROM part WHERE part.source = line.source AND part.ref_area = line.ref_area AND part.year > people.year)
        - people.year AS backcast_years,
    out.join_caveats(concat_ws(';', share_caveats, people.caveats), 'population_backcast') AS caveats
FROM line
JOIN people ON people.source = line.country_source AND people.ref_area = line.country
    AND people.year >= first_year AND people.year < last_share_year
WHERE share IS NOT NULL
    AND NOT EXISTS (FROM people AS other WHERE other.ref_area = line.ref_area AND other.year = people.year)
QUALIFY row_number() OVER (PARTITION BY line.ref_area, people.year ORDER BY line.priority, line.source) = 1
