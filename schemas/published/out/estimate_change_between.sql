-- out.estimate_change_between(from_period, to_period): change of each survey estimate between two periods, e.g.
-- out.estimate_change_between(2019, 2021), the earlier one first, both years, quarters or months: the difference, its standard
-- error (for two independent samples: the square root of the sum of both squared errors; a panel that interviews the same
-- persons again has a smaller one) and its 95 % limits.
-- direction: increase or decrease, where the limits exclude no change; no significant change; not tested, where a standard
-- error is not known; not compared, with the reason in break_handling. Estimates are never compared with counts.
-- Grain: one row for each source, measure, national category, area, sex, age and attribute combination with both periods.
-- reads: out.estimate
CREATE OR REPLACE MACRO out.estimate_change_between(from_period, to_period) AS TABLE
WITH asked AS (
    SELECT CAST(from_period AS VARCHAR) AS first_period, CASE
        WHEN CAST(from_period AS VARCHAR) < CAST(to_period AS VARCHAR)
            AND out.freq_of(CAST(from_period AS VARCHAR)) = out.freq_of(CAST(to_period AS VARCHAR)) THEN CAST(to_period AS VARCHAR)
        ELSE error(concat('estimate_change_between: give two years, two quarters (2024-Q1) or two months (2024-03), the earlier one ',
            'first; not ', coalesce(CAST(from_period AS VARCHAR), 'NULL'), ' and ', coalesce(CAST(to_period AS VARCHAR), 'NULL'))) END AS last_period
),
broken AS (
    SELECT estimate.source, estimate.measure, estimate.national_code, estimate.ref_area,
        string_agg(DISTINCT estimate.time_period, ', ' ORDER BY estimate.time_period) AS between_breaks
    FROM out.estimate AS estimate
    CROSS JOIN asked
    WHERE obs_status = 'B' AND time_period > asked.first_period AND time_period <= asked.last_period
    GROUP BY ALL
),
pair AS (
    SELECT one.source, one.ref_area, one.iccs, one.measure, one.national_code, one.national_label, one.figure_kind,
        one.stage, one.counting_unit, one.universe, one.reference_period, one.unit_of_measure, one.sex, one.age, {{own_attributes}},
        asked.first_period, asked.last_period, one.estimate AS first_value, other.estimate AS last_value,
        other.estimate - one.estimate AS change,
        sqrt(one.standard_error ** 2 + other.standard_error ** 2) AS standard_error,
        between_breaks, out.weaker_status(one.obs_status, other.obs_status) AS obs_status,
        out.join_caveats(one.caveats, other.caveats) AS caveats
    FROM asked
    JOIN out.estimate AS one ON one.time_period = asked.first_period
    JOIN out.estimate AS other ON other.time_period = asked.last_period AND other.source = one.source
        AND other.measure = one.measure AND other.national_code = one.national_code AND other.ref_area = one.ref_area
        AND other.sex = one.sex AND other.age = one.age AND {{same_attributes}}
    LEFT JOIN broken ON broken.source = one.source AND broken.measure = one.measure
        AND broken.national_code = one.national_code AND broken.ref_area = one.ref_area
)
SELECT * EXCLUDE (between_breaks, obs_status, caveats), change - {{normal_quantile}} * standard_error AS lower_limit,
    change + {{normal_quantile}} * standard_error AS upper_limit,
    CASE
        WHEN between_breaks IS NOT NULL OR change IS NULL OR {{uncompared}} THEN 'not compared'
        WHEN standard_error IS NULL THEN 'not tested'
        WHEN abs(change) <= {{normal_quantile}} * standard_error THEN 'no significant change'
        WHEN change > 0 THEN 'increase'
        ELSE 'decrease'
    END AS direction,
    CASE
        WHEN between_breaks IS NOT NULL THEN concat('break in ', between_breaks, ': not compared across it')
        WHEN change IS NULL THEN 'a period has no estimate: not compared'
        WHEN {{uncompared}} THEN 'a period is exceptional (see caveats): not compared'
        ELSE 'no break in between'
    END AS break_handling,
    obs_status, caveats
FROM pair
