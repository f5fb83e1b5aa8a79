-- Small tables that adding up needs, made from core. Grain of period_list: one row for each period of the data, with the
-- year and quarter it lies in and a bit for its place in the year.
-- reads: core, iccs_ancestor, area_ancestor, area_validity, area_whole, covered_area
-- writes: country_of, country_of_any, held, period_list, given_area, given_combination, given_category, climb, made_from, partly_covered, area_expected, already_given
CREATE TEMP TABLE period_list AS
SELECT time_period, CAST(left(time_period, 4) AS time_period_code) AS year_period,
    CAST(quarter_of(CAST(time_period AS VARCHAR)) AS time_period_code) AS quarter_period,
    1::BIGINT << CASE freq WHEN 'Q' THEN CAST(right(time_period, 1) AS INTEGER)
        WHEN 'M' THEN CAST(right(time_period, 2) AS INTEGER) ELSE 0 END AS place
FROM (SELECT DISTINCT time_period, freq FROM core);

-- Grain of given_area, given_combination and given_category: one row for each that the source gives for a measure: an
-- area; a category with the codes of every breakdown; a category in a country and period, and whether it has a figure.
CREATE TEMP TABLE given_area AS
SELECT DISTINCT measure, ref_area, area_level FROM core;
-- Grain of country_of_any and country_of: one row for each area (given by the source): the country it lies in, itself
-- where it lies in none.
CREATE TEMP TABLE country_of_any AS
SELECT area AS ref_area, coalesce(min(ancestor) FILTER (ancestor_level = 'country'), area) AS country
FROM area_ancestor
GROUP BY area;
CREATE TEMP TABLE country_of AS
FROM country_of_any SEMI JOIN given_area USING (ref_area);

CREATE TEMP TABLE given_combination AS
SELECT DISTINCT measure, stage, counting_unit, iccs, {{breakdowns}} FROM core;
CREATE TEMP TABLE given_category AS
SELECT measure, stage, counting_unit, iccs, country, time_period, bool_or(value IS NOT NULL) AS valued
FROM core
JOIN country_of USING (ref_area)
GROUP BY ALL;

-- Grain of climb: one row for each category that a country is given for and each category that it is added to. Up the
-- ICCS tree a category holds its own counts and those of every category below it. Where the source gives a category
-- with its children inside, that figure is used, and what is below it is not added again: for each country by what the
-- source gives for it, as the parent of another country holds nothing of this one.
CREATE TEMP TABLE climb AS
WITH category AS (
    SELECT DISTINCT measure, country, iccs FROM given_category
)
SELECT category.measure, category.country, up.code, up.ancestor, up.via
FROM category
JOIN iccs_ancestor AS up ON up.code = category.iccs
WHERE NOT {{include_children}} OR up.ancestor = up.code OR NOT EXISTS (
    FROM category AS other
    JOIN iccs_ancestor AS below ON below.code = up.code AND below.ancestor = other.iccs
    WHERE other.measure = category.measure AND other.country = category.country AND other.iccs <> up.code
        AND starts_with(other.iccs, up.ancestor)
);

-- Grain of held: one row for each category, country and period, also a year or quarter, in which the country's totals up
-- the ICCS tree hold the category; given is whether it has a figure there. They hold it from the first period with a
-- figure to the last: what is missing in between is missing in them, and one that ends in the period before the last is
-- not reported yet. Before and after, a row that says missing and no row are the same, and the totals are of the other
-- categories. A category with rows and never a figure is missing in all of them. In a source of events no row is a zero.
CREATE TEMP TABLE held AS
WITH category_period AS (
    SELECT measure, stage, counting_unit, country, iccs, period, bool_or(valued) AS valued
    FROM (
        SELECT given.* EXCLUDE (time_period), unnest([time_period, year_period, quarter_period]) AS period
        FROM given_category AS given
        JOIN period_list USING (time_period)
    )
    WHERE period IS NOT NULL
    GROUP BY ALL
),
counted AS (
    SELECT *, dense_rank() OVER (PARTITION BY measure, stage, counting_unit, country, kind ORDER BY period) AS number
    FROM (
        SELECT *, CASE WHEN length(CAST(period AS VARCHAR)) = 4 THEN 'A' WHEN period LIKE '%Q%' THEN 'Q' ELSE 'M' END
            AS kind
        FROM category_period
    )
),
country_period AS (
    SELECT DISTINCT measure, stage, counting_unit, country, kind, period, number FROM counted
),
country_end AS (
    SELECT measure, stage, counting_unit, country, kind, max(number) AS final FROM country_period GROUP BY ALL
),
span AS (
    SELECT measure, stage, counting_unit, country, kind, iccs, min(number) FILTER (valued) AS first,
        max(number) FILTER (valued) AS last
    FROM counted
    GROUP BY ALL
)
SELECT country_period.* EXCLUDE (kind, number), span.iccs, coalesce(counted.valued, false) AS given
FROM span
JOIN country_end USING (measure, stage, counting_unit, country, kind)
JOIN country_period USING (measure, stage, counting_unit, country, kind)
LEFT JOIN counted USING (measure, stage, counting_unit, country, kind, number, iccs)
WHERE {{events}} OR (last IS NULL AND counted.valued IS NOT NULL)
    OR number BETWEEN first AND CASE last WHEN final - 1 THEN final ELSE last END;

-- Grain of made_from: one row for each published category, country and period of a measure: the children it was made
-- from, and the share of those it holds that have a figure.
CREATE TEMP TABLE made_from AS
SELECT measure, stage, counting_unit, country, ancestor AS iccs, period AS time_period,
    CASE WHEN bool_or(via <> '=') THEN string_agg(DISTINCT via, ';' ORDER BY via) END AS children,
    CASE WHEN {{every_cell}} THEN count(*) FILTER (given) / count(*) ELSE 1 END AS share_given
FROM held
JOIN climb USING (measure, country)
WHERE climb.code = held.iccs
GROUP BY ALL;
CREATE TEMP TYPE children_code AS ENUM (
    SELECT DISTINCT coalesce(children, '') FROM made_from UNION SELECT '' ORDER BY ALL
);
ALTER TABLE made_from ALTER children TYPE children_code;

-- Grain of already_given: one row for each area and area above it that the source itself gives, or that one it gives
-- stands for: the area is not added to that one again.
CREATE TEMP TABLE already_given AS
SELECT DISTINCT given_area.measure, between_them.area, above.ancestor
FROM area_ancestor AS between_them
JOIN given_area ON given_area.ref_area = between_them.ancestor AND between_them.ancestor <> between_them.area
JOIN area_ancestor AS above ON above.area = between_them.ancestor;

-- Grain of partly_covered: one row for each area that is not made from its parts: the source covers only some of them, or
-- the lists have only some (nobody declared the list whole, and ISO 3166-2 does not confirm it). A place not stated is no
-- part that the source could fail to cover.
CREATE TEMP TABLE partly_covered AS
SELECT DISTINCT measure, ancestor
FROM area_ancestor
JOIN (SELECT DISTINCT measure, area_level FROM given_area WHERE area_level <> 'not_stated') AS level USING (area_level)
WHERE CAST(area AS VARCHAR) NOT IN (SELECT area FROM covered_area)
UNION
SELECT DISTINCT measure, above.ancestor
FROM (SELECT DISTINCT measure FROM given_area) AS every_measure
CROSS JOIN covered_area
JOIN area_ancestor AS above ON CAST(above.area AS VARCHAR) = covered_area.area
WHERE CAST(above.ancestor AS VARCHAR) NOT IN (SELECT area FROM covered_area)
UNION
SELECT DISTINCT measure, above.ancestor
FROM given_area
JOIN area_ancestor AS above ON above.area = given_area.ref_area AND above.ancestor <> above.area
WHERE given_area.area_level <> 'not_stated'
    AND (given_area.measure, given_area.ref_area, above.ancestor) NOT IN (
        SELECT (measure, area, ancestor) FROM already_given
    )
    AND (CAST(above.ancestor AS VARCHAR), CAST(given_area.area_level AS VARCHAR)) NOT IN (
        SELECT (ancestor, area_level) FROM area_whole
    );

-- Grain of area_expected: one row for each measure, area, level of parts that the source gives in it, and period: how many
-- parts a full sum has. Those that existed then, and those that the source gives for then anyway (a series on new borders).
-- At the level not_stated it is the number of the other parts: what has no stated place is added to them.
CREATE TEMP TABLE area_expected AS
WITH period AS (
    SELECT DISTINCT unnest([time_period, year_period, quarter_period]) AS time_period FROM period_list
),
given_level AS (
    SELECT DISTINCT measure, above.ancestor, given_area.area_level
    FROM given_area
    JOIN area_ancestor AS above ON above.area = given_area.ref_area AND above.ancestor <> above.area
),
changed AS (
    SELECT DISTINCT measure, ref_area, unnest([time_period, year_period, quarter_period]) AS time_period
    FROM core
    JOIN period_list USING (time_period)
    WHERE CAST(ref_area AS VARCHAR) IN (SELECT area FROM area_validity)
),
listed AS (
    SELECT given_level.measure, given_level.ancestor, given_level.area_level, inside.area, valid_from, valid_to
    FROM given_level
    JOIN area_ancestor AS inside
        ON inside.ancestor = given_level.ancestor AND inside.area_level = given_level.area_level
    LEFT JOIN area_validity ON area_validity.area = CAST(inside.area AS VARCHAR)
    WHERE given_level.area_level <> 'not_stated'
),
counted AS (
    SELECT listed.measure, listed.ancestor, listed.area_level, period.time_period, count(*) FILTER (
        changed.ref_area IS NOT NULL
        OR CAST(left(period.time_period, 4) AS INTEGER) BETWEEN coalesce(valid_from, 0) AND coalesce(valid_to, 9999)
    ) AS areas
    FROM listed
    CROSS JOIN period
    LEFT JOIN changed ON changed.measure = listed.measure AND changed.ref_area = listed.area
        AND changed.time_period = period.time_period
    WHERE period.time_period IS NOT NULL
    GROUP BY ALL
)
FROM counted
UNION ALL
SELECT given_level.measure, given_level.ancestor, given_level.area_level, period.time_period, coalesce(max(areas), 0)
FROM given_level
CROSS JOIN period
LEFT JOIN counted ON counted.measure = given_level.measure AND counted.ancestor = given_level.ancestor
    AND counted.time_period = period.time_period
WHERE given_level.area_level = 'not_stated' AND period.time_period IS NOT NULL
GROUP BY given_level.measure, given_level.ancestor, given_level.area_level, period.time_period
