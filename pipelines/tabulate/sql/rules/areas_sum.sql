-- Grain: one row for each annual cell of an area whose regions all have one too, and whose own figure the source gives.
-- reads: area_ancestor, given, annual
WITH regions AS (
    SELECT area AS region, ancestor, area_level FROM area_ancestor WHERE area <> ancestor
),
expected_regions AS (
    SELECT ancestor, area_level, count(*) AS regions FROM regions GROUP BY ALL
),
own AS (
    SELECT DISTINCT ref_area FROM given
)
SELECT stage, counting_unit, annual.iccs, annual.ref_area, annual.time_period, annual.sex, annual.age,
    sum(part.value) AS found, any_value(annual.value) AS expected,
    abs(found - any_value(annual.value)) > {{tolerance}} AS failing,
    'regions ' || CAST(found AS BIGINT) || ', given for the area ' || CAST(any_value(annual.value) AS BIGINT) AS detail
FROM annual
SEMI JOIN own ON own.ref_area = annual.ref_area
JOIN regions ON regions.ancestor = annual.ref_area
JOIN annual AS part USING (stage, counting_unit, iccs, time_period, sex, age)
JOIN expected_regions ON expected_regions.ancestor = annual.ref_area
    AND expected_regions.area_level = regions.area_level
WHERE part.ref_area = regions.region AND part.value IS NOT NULL AND annual.value IS NOT NULL
GROUP BY stage, counting_unit, annual.iccs, annual.ref_area, annual.time_period, annual.sex, annual.age,
    regions.area_level
HAVING count(*) = any_value(expected_regions.regions)
