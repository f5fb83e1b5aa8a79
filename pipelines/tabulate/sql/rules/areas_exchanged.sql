-- Grain: one row for each area and year that can be checked, and one for each area of a pair whose figures fit each other.
-- A figure is compared with the median of the three years before and after it, in units of the usual deviation of its
-- series: 1.4826 times the median absolute deviation of the logarithms (the standard deviation, if they are normal), at
-- least 0.05; averaged over all categories. The fewer categories, the more they must be off: a single series is often two
-- deviations off.
-- needs: {{least_years}} years
-- reads: given
WITH levels AS (
    SELECT stage, counting_unit, iccs, area_level, ref_area, year, ln(sum(value) + 1) AS here
    FROM given
    GROUP BY ALL
    HAVING count(value) = count(*)
),
placed AS (
    SELECT *,
        median(here) OVER (
            PARTITION BY stage, counting_unit, iccs, ref_area ORDER BY year
            RANGE BETWEEN 3 PRECEDING AND 3 FOLLOWING EXCLUDE CURRENT ROW
        ) AS usual
    FROM levels
    QUALIFY median(here) OVER (PARTITION BY stage, counting_unit, iccs, ref_area) >= ln({{least_count}} + 1)
),
figure AS (
    SELECT *, greatest(1.4826 * median(abs(here - usual)) OVER (PARTITION BY stage, counting_unit, iccs, ref_area), 0.05)
        AS deviation
    FROM placed
    WHERE usual IS NOT NULL
    QUALIFY count(*) OVER (PARTITION BY stage, counting_unit, iccs, ref_area) >= {{least_years}}
),
area_year AS (
    SELECT stage, counting_unit, area_level, ref_area, year,
        avg(abs(here - usual) / deviation) > greatest({{least_off}}, {{least_off_single}} / sqrt(count(*))) AS off
    FROM figure
    GROUP BY ALL
),
pair AS (
    SELECT stage, counting_unit, year, one.ref_area, other.ref_area AS other_area,
        avg((abs(mine.here - mine.usual) / mine.deviation + abs(theirs.here - theirs.usual) / theirs.deviation) / 2) AS stay,
        avg((abs(mine.here - theirs.usual) / theirs.deviation + abs(theirs.here - mine.usual) / mine.deviation) / 2) AS moved
    FROM area_year AS one
    JOIN area_year AS other USING (stage, counting_unit, area_level, year)
    JOIN figure AS mine USING (stage, counting_unit, area_level, year)
    JOIN figure AS theirs USING (stage, counting_unit, area_level, year, iccs)
    WHERE one.off AND other.off AND one.ref_area < other.ref_area
        AND mine.ref_area = one.ref_area AND theirs.ref_area = other.ref_area
    GROUP BY ALL
    HAVING moved < {{least_off}} AND moved < stay / 2
)
SELECT stage, counting_unit, NULL AS iccs, ref_area, CAST(year AS VARCHAR) AS time_period, NULL AS sex, NULL AS age,
    NULL AS found, NULL AS expected, false AS failing, NULL AS detail
FROM area_year
UNION ALL BY NAME
SELECT stage, counting_unit, unnest([ref_area, other_area]) AS ref_area, CAST(year AS VARCHAR) AS time_period,
    stay AS found, moved AS expected, true AS failing,
    'the figures of ' || ref_area || ' and ' || other_area || ' fit each other: ' || round(moved, 1)
        || ' usual deviations off if swapped, ' || round(stay, 1) || ' as given' AS detail
FROM pair
