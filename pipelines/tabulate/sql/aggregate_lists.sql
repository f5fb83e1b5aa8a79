-- Small tables that adding up needs, made from core. Grain of period_list: one row for each period of the data, with the
-- year and quarter it lies in and a bit for its place in the year.
-- reads: core, iccs_ancestor, area_ancestor, covered_area
-- writes: period_list, given_area, given_combination, given_category, climb, made_from, partly_covered, already_given
CREATE TEMP TABLE period_list AS
SELECT time_period, CAST(left(time_period, 4) AS time_period_code) AS year_period,
    CAST(quarter_of(CAST(time_period AS VARCHAR)) AS time_period_code) AS quarter_period,
    1::BIGINT << CASE freq WHEN 'Q' THEN CAST(right(time_period, 1) AS INTEGER)
        WHEN 'M' THEN CAST(right(time_period, 2) AS INTEGER) ELSE 0 END AS place
FROM (SELECT DISTINCT time_period, freq FROM core);

-- Grain of given_area, given_combination and given_category: one row for each that the source gives for a measure: an
-- area; a category with the codes of every breakdown; a category in a period.
CREATE TEMP TABLE given_area AS
SELECT DISTINCT measure, ref_area, area_level FROM core;
CREATE TEMP TABLE given_combination AS
SELECT DISTINCT measure, stage, counting_unit, iccs, {{breakdowns}} FROM core;
CREATE TEMP TABLE given_category AS
SELECT DISTINCT measure, stage, counting_unit, iccs, time_period FROM core;

-- Grain of climb: one row for each category given and each category that it is added to. Up the ICCS tree a category
-- holds its own counts and those of every category below it. Where the source gives a category with its children
-- inside, that figure is used, and what is below it is not added again.
CREATE TEMP TABLE climb AS
WITH category AS (
    SELECT DISTINCT measure, iccs FROM given_category
)
SELECT category.measure, up.code, up.ancestor, up.via
FROM category
JOIN iccs_ancestor AS up ON up.code = category.iccs
WHERE NOT {{include_children}} OR up.ancestor = up.code OR NOT EXISTS (
    FROM category AS other
    JOIN iccs_ancestor AS below ON below.code = up.code AND below.ancestor = other.iccs
    WHERE other.measure = category.measure AND other.iccs <> up.code AND starts_with(other.iccs, up.ancestor)
);

-- Grain of made_from: one row for each published category and period of a measure: the children it was made from.
CREATE TEMP TABLE made_from AS
SELECT measure, stage, counting_unit, ancestor AS iccs, period AS time_period,
    CASE WHEN bool_or(via <> '=') THEN string_agg(DISTINCT via, ';' ORDER BY via) END AS children
FROM (
    SELECT DISTINCT given_category.* EXCLUDE (time_period), unnest([time_period, year_period, quarter_period]) AS period
    FROM given_category
    JOIN period_list USING (time_period)
) AS seen
JOIN climb USING (measure)
WHERE climb.code = seen.iccs AND period IS NOT NULL
GROUP BY ALL;
CREATE TEMP TYPE children_code AS ENUM (
    SELECT DISTINCT coalesce(children, '') FROM made_from UNION SELECT '' ORDER BY ALL
);
ALTER TABLE made_from ALTER children TYPE children_code;

-- Grain of partly_covered: one row for each area of which the source covers only some parts: it is not made from them.
CREATE TEMP TABLE partly_covered AS
SELECT DISTINCT measure, ancestor
FROM area_ancestor
JOIN (SELECT DISTINCT measure, area_level FROM given_area) AS level USING (area_level)
WHERE CAST(area AS VARCHAR) NOT IN (SELECT area FROM covered_area);

-- Grain of already_given: one row for each area and area above it that the source itself gives, or that one it gives
-- stands for: the area is not added to that one again.
CREATE TEMP TABLE already_given AS
SELECT DISTINCT given_area.measure, between_them.area, above.ancestor
FROM area_ancestor AS between_them
JOIN given_area ON given_area.ref_area = between_them.ancestor AND between_them.ancestor <> between_them.area
JOIN area_ancestor AS above ON above.area = between_them.ancestor
