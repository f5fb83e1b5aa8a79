-- Grain: one row for each whole that is present with all its parts, of the measures whose parts add up: areas of the level
-- below (also if some are missing but the others already exceed the whole), both sexes, and the national codes that make up
-- 100 percent.
-- reads: cells, area_ancestor
-- writes: part_sum
CREATE OR REPLACE TEMP TABLE part_sum AS
WITH figure AS (
    SELECT measure, CAST(ref_area AS VARCHAR) AS ref_area, CAST(area_level AS VARCHAR) AS area_level, time_period,
        national_code, CAST(sex AS VARCHAR) AS sex, age, {{attributes}}, estimate
    FROM cells
),
within AS (
    SELECT CAST(area AS VARCHAR) AS area, CAST(ancestor AS VARCHAR) AS ancestor
    FROM area_ancestor
    WHERE area <> ancestor
),
region AS (
    SELECT part.measure, within.ancestor AS ref_area, part.time_period, part.national_code, part.sex, part.age,
        {{attributes}},
        part.area_level, sum(part.estimate) AS parts, bool_and(part.estimate IS NOT NULL) AS complete, count(*) AS areas
    FROM figure AS part
    JOIN within ON within.area = part.ref_area
    WHERE part.measure IN ({{areas}})
    GROUP BY ALL
),
most_areas AS (
    SELECT measure, ref_area, area_level, max(areas) AS areas
    FROM region
    GROUP BY ALL
),
by_area AS (
    SELECT whole.measure, whole.ref_area, whole.time_period, whole.national_code, whole.sex, whole.age, {{attributes}},
        'areas' AS over, whole.estimate AS whole, region.parts
    FROM figure AS whole
    JOIN region USING (measure, ref_area, time_period, national_code, sex, age, {{attributes}})
    JOIN most_areas ON most_areas.measure = region.measure AND most_areas.ref_area = region.ref_area
        AND most_areas.area_level = region.area_level
    WHERE (region.complete AND region.areas = most_areas.areas) OR region.parts > whole.estimate
),
by_sex AS (
    SELECT measure, ref_area, time_period, national_code, '_T' AS sex, age, {{attributes}}, 'sexes' AS over,
        max(estimate) FILTER (sex = '_T') AS whole, sum(estimate) FILTER (sex <> '_T') AS parts
    FROM figure
    WHERE measure IN ({{sexes}})
    GROUP BY ALL
    HAVING count(estimate) FILTER (sex IN ('M', 'F')) = 2 AND bool_and(estimate IS NOT NULL)
),
by_code AS (
    SELECT measure, ref_area, time_period, NULL AS national_code, sex, age, {{attributes}}, 'codes' AS over, 100.0 AS whole,
        sum(estimate) AS parts
    FROM figure
    WHERE measure IN ({{codes}})
    GROUP BY ALL
    HAVING bool_and(estimate IS NOT NULL)
)
SELECT *, abs(parts - whole) > {{most}} * abs(whole) AS differs,
    concat_ws(' ', measure, ref_area, time_period, national_code, CASE WHEN sex <> '_T' THEN sex END)
        || ': the ' || over || ' add up to ' || number_text(round(parts, 2)) || ', the total is ' || number_text(round(whole, 2)) AS detail
FROM (SELECT * FROM by_area UNION ALL SELECT * FROM by_sex UNION ALL SELECT * FROM by_code)
WHERE whole IS NOT NULL
