-- Grain: one row for each reason why the populations of the parts of a country cannot be carried back as declared: the
-- source, the reason, the area and the year, and the years that the source gives.
-- reads: out.population, out.area, backcast
WITH people AS (
    SELECT source, ref_area, area_level, CAST(time_period AS INTEGER) AS year, population
    FROM out.population
    WHERE sex = '_T' AND age = '_T' AND population IS NOT NULL
),
below AS (
    SELECT low.code AS ref_area, coalesce(middle.parent, low.parent) AS country
    FROM out.area AS low
    LEFT JOIN out.area AS middle ON middle.code = low.parent
    WHERE low.parent IS NOT NULL AND low.area_level <> 'not_stated'
),
part AS (
    SELECT people.*, country, backcast.* EXCLUDE (source),
        population / sum(population) OVER (PARTITION BY source, country, area_level, year) AS share
    FROM people
    JOIN backcast USING (source)
    JOIN below USING (ref_area)
),
given AS (
    SELECT backcast.*, min(year) AS first_given, max(year) AS last_given
    FROM backcast
    LEFT JOIN part ON part.source = backcast.source
    GROUP BY ALL
),
wanted AS (  -- the years of the shares
    SELECT DISTINCT source, year, last_share_year, first_given, last_given
    FROM given, unnest([share_year, last_share_year]) AS years (year)
),
line AS (
    SELECT source, ref_area, max(share) FILTER (year = share_year) AS share,
        max(share) FILTER (year = last_share_year) AS last_share
    FROM part
    GROUP BY source, ref_area
)
SELECT source, CASE WHEN first_given IS NULL THEN 'no parts' ELSE 'no shares' END AS reason, NULL AS ref_area, year, first_given, last_given
FROM wanted
WHERE NOT EXISTS (FROM part WHERE part.source = wanted.source AND part.year = wanted.year)
    AND coalesce(last_share_year >= first_given, true)  -- a file of later years alone has nothing to carry back from, and no fault
UNION ALL BY NAME
SELECT source, 'not whole' AS reason, country AS ref_area, year, first_given, last_given
FROM wanted
JOIN (SELECT DISTINCT source, country, year FROM part) AS found USING (source, year)
WHERE NOT EXISTS (
    FROM people WHERE people.source = found.source AND people.ref_area = found.country AND people.year = found.year
)
UNION ALL BY NAME
SELECT source, 'in one year' AS reason, ref_area, CASE WHEN share IS NULL THEN share_year ELSE last_share_year END AS year,
    first_given, last_given
FROM line
JOIN given USING (source)
WHERE (share IS NULL) <> (last_share IS NULL)
UNION ALL BY NAME
SELECT source, 'below zero' AS reason, ref_area, first_year AS year, first_given, last_given
FROM line
JOIN given USING (source)
WHERE share_year < last_share_year
    AND share + (last_share - share) * (first_year - share_year) / (last_share_year - share_year) <= 0
UNION ALL BY NAME
SELECT source, 'nothing to make' AS reason, NULL AS ref_area, first_year AS year, first_given, last_given
FROM given
WHERE first_given <= first_year
    AND NOT EXISTS (FROM unnest(range(first_year, last_share_year)) AS years (year)
        WHERE NOT EXISTS (FROM part WHERE part.source = given.source AND part.year = years.year))
ORDER BY ALL
