-- Grain: one row for each unit, level of area and year that can be judged, and one for each of two months that fit in each
-- other's place. A figure is compared with what is usual there: the median of the two months before and after it, plus what
-- the month usually is above or below these (its season); in units of the usual deviation of its series (1.4826 times the
-- median absolute deviation of the logarithms, at least 0.02). The sums over all areas show how far the months are off,
-- averaged over all categories: the fewer categories, the more they must be off. Most areas must agree, each by its own
-- level: a single month with many events in one area, as after a late report, is not an exchange.
-- needs: months, {{least_years}} years, {{least_areas}} areas
-- reads: given
WITH monthly AS (
    SELECT stage, counting_unit, area_level, iccs, CAST(ref_area AS VARCHAR) AS ref_area, year,
        CAST(right(time_period, 2) AS INTEGER) AS month, ln(sum(value) + 1) AS here
    FROM given
    WHERE freq = 'M' AND value IS NOT NULL
    GROUP BY ALL
),
together AS (
    SELECT stage, counting_unit, area_level, iccs, '' AS ref_area, year, month, ln(sum(exp(here) - 1) + 1) AS here
    FROM monthly
    GROUP BY ALL
),
levels AS (
    FROM (FROM monthly UNION ALL BY NAME FROM together)
    QUALIFY median(here) OVER (PARTITION BY stage, counting_unit, area_level, iccs, ref_area)
        >= ln(1 + CASE ref_area WHEN '' THEN {{least_count_together}} ELSE {{least_count}} END)
),
beside AS (
    SELECT *, here - median(here) OVER (
        PARTITION BY stage, counting_unit, area_level, iccs, ref_area ORDER BY 12 * year + month
        RANGE BETWEEN 2 PRECEDING AND 2 FOLLOWING EXCLUDE CURRENT ROW
    ) AS above
    FROM levels
),
seasonal AS (
    SELECT *, median(above) OVER (PARTITION BY stage, counting_unit, area_level, iccs, month, ref_area = '') AS season
    FROM beside
    WHERE above IS NOT NULL
    QUALIFY count(DISTINCT year) OVER (PARTITION BY stage, counting_unit, area_level, iccs, ref_area) >= {{least_years}}
),
figure AS (
    SELECT *, here - above + season AS usual, greatest(0.02, 1.4826 * median(abs(above - season)) OVER (
        PARTITION BY stage, counting_unit, area_level, iccs, ref_area
    )) AS deviation
    FROM seasonal
),
compared AS (
    SELECT stage, counting_unit, area_level, year, one.month, other.month AS other_month, ref_area,
        avg((abs(one.here - one.usual) + abs(other.here - other.usual)) / (2 * one.deviation)) AS stay,
        avg((abs(one.here - other.usual) + abs(other.here - one.usual)) / (2 * one.deviation)) AS moved, count(*) AS size
    FROM figure AS one
    JOIN figure AS other USING (stage, counting_unit, area_level, iccs, ref_area, year)
    WHERE one.month < other.month
    GROUP BY ALL
),
pair AS (
    SELECT stage, counting_unit, area_level, year, month, other_month,
        any_value(stay) FILTER (ref_area = '') AS stay, any_value(moved) FILTER (ref_area = '') AS moved,
        any_value(size) FILTER (ref_area = '') AS size,
        count(*) FILTER (ref_area <> '') AS areas, count(*) FILTER (ref_area <> '' AND moved < stay) AS fitting
    FROM compared
    GROUP BY ALL
    HAVING areas >= {{least_areas}} AND size > 0
),
exchanged AS (
    FROM pair
    WHERE stay >= greatest({{least_off}}, {{least_off_single}} / sqrt(size)) AND moved < stay / 2
        AND fitting >= {{least_share}} * areas
    QUALIFY row_number() OVER (PARTITION BY stage, counting_unit, area_level, year ORDER BY stay - moved DESC, month) = 1
)
SELECT stage, counting_unit, NULL AS iccs, NULL AS ref_area, CAST(year AS VARCHAR) AS time_period, NULL AS sex,
    NULL AS age, NULL AS found, NULL AS expected, false AS failing, NULL AS detail
FROM pair
GROUP BY stage, counting_unit, area_level, year
UNION ALL BY NAME
SELECT stage, counting_unit, NULL AS iccs, NULL AS ref_area,
    year || '-' || lpad(CAST(unnest([month, other_month]) AS VARCHAR), 2, '0') AS time_period, NULL AS sex, NULL AS age,
    stay AS found, moved AS expected, true AS failing,
    'the figures of months ' || month || ' and ' || other_month || ' of ' || year || ' fit each other''s place in '
        || fitting || ' of ' || areas || ' areas: ' || round(moved, 1) || ' usual deviations off if swapped, '
        || round(stay, 1) || ' as given' AS detail
FROM exchanged
