-- Grain: one row for each annual cell of an area whose own figure the source gives, and whose regions have one too: all that
-- existed in the year. What has no stated region is added to them. A territory that the area claims may be in its figure
-- or not: the sum is right either way. Persons in a year are counted once in the area, and in each region in which they
-- were suspected or convicted: their regions together have more, within limits, and never less.
-- needs: areas inside areas
-- reads: area_ancestor, area_claimed, area_validity, given, annual
WITH region AS (
    SELECT inside.area, inside.ancestor, inside.area_level, coalesce(valid_from, 0) AS first_year,
        coalesce(valid_to, 9999) AS last_year
    FROM area_ancestor AS inside
    LEFT JOIN area_validity ON area_validity.area = CAST(inside.area AS VARCHAR)
    WHERE inside.area <> inside.ancestor AND inside.area_level <> 'not_stated'
),
own AS (
    SELECT DISTINCT ref_area FROM given
),
expected_region AS (
    SELECT ancestor, area_level, year, count(*) FILTER (year BETWEEN first_year AND last_year) AS regions
    FROM region
    SEMI JOIN own ON own.ref_area = region.ancestor
    CROSS JOIN (SELECT DISTINCT year FROM annual)
    GROUP BY ALL
),
part AS (
    SELECT stage, counting_unit, iccs, time_period, year, sex, age, region.ancestor, region.area_level,
        sum(value) AS value, count(*) FILTER (year BETWEEN first_year AND last_year) AS regions
    FROM annual
    JOIN region ON region.area = annual.ref_area
    WHERE value IS NOT NULL
    GROUP BY ALL
),
beside AS (
    SELECT stage, counting_unit, iccs, time_period, sex, age, place.ancestor, count(value) = count(*) AS known,
        coalesce(sum(value) FILTER (NOT claimed), 0) AS not_placed, coalesce(sum(value) FILTER (claimed), 0) AS claimed
    FROM annual
    JOIN (
        SELECT CAST(area AS VARCHAR) AS area, CAST(ancestor AS VARCHAR) AS ancestor, false AS claimed
        FROM area_ancestor
        WHERE area_level = 'not_stated' AND area <> ancestor
        UNION ALL
        SELECT area, country, true FROM area_claimed
    ) AS place ON place.area = CAST(annual.ref_area AS VARCHAR)
    GROUP BY ALL
)
SELECT stage, counting_unit, annual.iccs, annual.ref_area, annual.time_period, annual.sex, annual.age,
    part.value + coalesce(not_placed, 0) AS found, annual.value AS expected,
    abs(found - expected) > {{tolerance}} AND abs(found + coalesce(claimed, 0) - expected) > {{tolerance}}
        AND NOT (counting_unit = 'person' AND stage IN ('suspected', 'prosecuted', 'convicted')
            AND found BETWEEN expected AND {{most}} * expected)
        AS failing,
    'regions ' || CAST(part.value AS BIGINT) || CASE WHEN not_placed > 0 THEN ', region not stated '
        || CAST(not_placed AS BIGINT) ELSE '' END || ', given for the area ' || CAST(annual.value AS BIGINT) AS detail
FROM annual
SEMI JOIN own ON own.ref_area = annual.ref_area
JOIN part USING (stage, counting_unit, iccs, time_period, sex, age)
JOIN expected_region ON expected_region.ancestor = annual.ref_area AND expected_region.area_level = part.area_level
    AND expected_region.year = annual.year AND expected_region.regions = part.regions
LEFT JOIN (
    SELECT * EXCLUDE (ancestor), ancestor AS beside_area FROM beside
) AS beside ON beside.beside_area = CAST(annual.ref_area AS VARCHAR) AND beside.stage = annual.stage
    AND beside.counting_unit = annual.counting_unit AND beside.iccs = annual.iccs
    AND beside.time_period = annual.time_period AND beside.sex = annual.sex AND beside.age = annual.age
WHERE part.ancestor = annual.ref_area AND annual.value IS NOT NULL AND coalesce(known, true)
