-- out.change_between(from_year, to_year): change of each annual series (all ages and attributes) between any two years,
-- e.g. out.change_between(2015, 2024): of rates if both years have one, otherwise of counts. The limits of the ratio are those
-- of the logarithm of two counts, widened by the usual variation of the series (dispersion: mean chi-square of neighbouring
-- years before to_year, given five pairs; Student's t; over several years times (1 - r^years) / (1 - r) with
-- r = {{assumed_autocorrelation}}, since series that swing slowly move farther), otherwise by chance alone. usual_swing_percent is how much higher
-- the later of two such years can usually be. direction: increase or decrease, where the limits exclude 1; within the usual
-- swings; no significant change; not tested, where the figures count persons on one day, or are estimated and their usual
-- variation is not known (chance gives them no limits), and where one of the counts is 0, which has no logarithm
-- (out.change tests it exactly); not compared, with the reason in break_handling: a break between the years, another
-- composition, or a year without a figure or with a figure that may not be compared. Limits and usual_swing_percent are NULL
-- where nothing is tested or compared. No change is given in percent of a count below {{fewest_events}} (no_percent_reason); its
-- ratio and limits are given.
-- Grain: one row for each source, area, ICCS category, stage, counting unit and sex with both years.
-- reads: out.rate, out.series, out.source, out.area, out.iccs
CREATE OR REPLACE MACRO out.change_between(from_year, to_year) AS TABLE
WITH asked AS (
    SELECT CAST(from_year AS VARCHAR) AS first_period, CASE
        WHEN CAST(from_year AS VARCHAR) < CAST(to_year AS VARCHAR) AND out.freq_of(CAST(from_year AS VARCHAR)) = 'A'
            AND out.freq_of(CAST(to_year AS VARCHAR)) = 'A' THEN CAST(to_year AS VARCHAR)
        ELSE error(concat('change_between: give two years, the earlier one first; not ', coalesce(CAST(from_year AS VARCHAR), 'NULL'),
            ' and ', coalesce(CAST(to_year AS VARCHAR), 'NULL'))) END AS last_period
),
series AS (
    SELECT source, ref_area, iccs, stage, counting_unit, sex, is_preferred,
        coalesce(list_contains(string_split(about.stocks, ';'), concat(stage, ' ', counting_unit)), false) AS is_stock,
        list_filter(string_split(breaks, ';'), lambda one: one > asked.first_period AND one <= asked.last_period) AS between_breaks,
        string_split(breaks, ';') AS every_break
    FROM out.series
    CROSS JOIN asked
    LEFT JOIN out.source AS about USING (source)
    WHERE age = '_T' AND sex <> '_U'  -- how many are of unknown sex says how sex is recorded
),
point AS (
    SELECT source, ref_area, area_level, iccs, stage, counting_unit, sex, time_period, value, population, rate_per_100k,
        iccs_made_from, obs_status, completeness, caveats, NOT {{uncompared}} AS is_compared,
        obs_status = 'E' OR (rate_per_100k > 0 AND ci_low IS NULL) AS is_estimated
    FROM out.rate
    CROSS JOIN asked
    WHERE age = '_T' AND ({{attributes}}) = ({{totals}}) AND time_period <= asked.last_period
),
pair AS (
    SELECT source, ref_area, iccs, stage, counting_unit, sex, before.value AS x0, after.value AS x1,
        CASE WHEN rated THEN before.population ELSE 1 END AS n0, CASE WHEN rated THEN after.population ELSE 1 END AS n1
    FROM (
        SELECT source, ref_area, iccs, stage, counting_unit, sex,
            bool_and(rate_per_100k IS NOT NULL) AS rated
        FROM point
        SEMI JOIN (SELECT unnest([first_period, last_period]) AS time_period FROM asked) USING (time_period)
        GROUP BY ALL
        HAVING count(*) = 2
    )
    JOIN point AS before USING (source, ref_area, iccs, stage, counting_unit, sex)
    JOIN point AS after USING (source, ref_area, iccs, stage, counting_unit, sex)
    JOIN series USING (source, ref_area, iccs, stage, counting_unit, sex)
    CROSS JOIN asked
    WHERE NOT is_stock AND CAST(after.time_period AS INTEGER) = CAST(before.time_period AS INTEGER) + 1
        AND after.time_period < asked.last_period AND before.is_compared AND after.is_compared
        AND NOT coalesce(list_contains(every_break, after.time_period), false)
),
spread AS (
    SELECT source, ref_area, iccs, stage, counting_unit, sex, count(*) AS pairs,
        CASE WHEN count(*) >= {{fewest_pairs}}
            THEN avg((x1 / n1 - x0 / n0) ** 2 / ((x0 + x1) / (n0 + n1) * (1 / n0 + 1 / n1))) END AS dispersion
    FROM pair
    WHERE x0 + x1 > 0 AND n0 > 0 AND n1 > 0
    GROUP BY ALL
),
compared AS (
    SELECT series.*, one.area_level, asked.first_period, asked.last_period, other.iccs_made_from, one.value AS first_count,
        other.value AS last_count, pairs, dispersion,
        one.rate_per_100k IS NOT NULL AND other.rate_per_100k IS NOT NULL AS rated,
        CASE WHEN rated THEN one.rate_per_100k ELSE one.value END AS first_value,
        CASE WHEN rated THEN other.rate_per_100k ELSE other.value END AS last_value,
        CASE
            WHEN len(between_breaks) > 0
                THEN concat('break in ', array_to_string(between_breaks, ', '), ': not compared across it')
            WHEN one.iccs_made_from IS DISTINCT FROM other.iccs_made_from
                THEN 'the category is composed of other parts: not compared'
            WHEN one.value IS NULL OR other.value IS NULL THEN 'a year has no figure: not compared'
            WHEN one.is_compared AND other.is_compared THEN NULL
            ELSE 'a year is incomplete or exceptional (see caveats): not compared'
        END AS refused,
        is_stock OR least(one.value, other.value) = 0
            OR (dispersion IS NULL AND (one.is_estimated OR other.is_estimated)) AS untested,
        out.weaker_status(one.obs_status, other.obs_status) AS obs_status,
        least(one.completeness, other.completeness) AS completeness,
        out.join_caveats(one.caveats, other.caveats) AS caveats
    FROM asked
    CROSS JOIN series
    JOIN point AS one ON one.time_period = asked.first_period AND one.source = series.source
        AND one.ref_area = series.ref_area AND one.iccs = series.iccs AND one.stage = series.stage
        AND one.counting_unit = series.counting_unit AND one.sex = series.sex
    JOIN point AS other ON other.time_period = asked.last_period AND other.source = series.source
        AND other.ref_area = series.ref_area AND other.iccs = series.iccs AND other.stage = series.stage
        AND other.counting_unit = series.counting_unit AND other.sex = series.sex
    LEFT JOIN spread ON spread.source = series.source AND spread.ref_area = series.ref_area
        AND spread.iccs = series.iccs AND spread.stage = series.stage
        AND spread.counting_unit = series.counting_unit AND spread.sex = series.sex
),
ratio AS (
    SELECT *, CASE WHEN refused IS NULL THEN last_value / nullif(first_value, 0) END AS rate_ratio,
        CASE WHEN refused IS NULL AND first_count > 0 AND last_count > 0 AND NOT coalesce(untested, false) THEN
            sqrt(greatest(coalesce(dispersion * (1 - {{assumed_autocorrelation}} ** (CAST(last_period AS INTEGER) - CAST(first_period AS INTEGER)))
                / (1 - {{assumed_autocorrelation}}), 1), 1) * (1 / first_count + 1 / last_count))
            * CASE WHEN dispersion IS NULL THEN {{normal_quantile}}
                ELSE coalesce(list_extract({{t_quantiles}}, CAST(pairs AS INTEGER)), {{normal_quantile}}) END END AS reach
    FROM compared
)
SELECT
    ratio.source, ratio.ref_area, area.name_en AS area_en, area.name_fr AS area_fr, area.name_es AS area_es,
    ratio.area_level, ratio.iccs, ratio.iccs_made_from, category.title_en AS category_en, category.title_fr AS category_fr,
    category.title_es AS category_es, ratio.stage, ratio.counting_unit, ratio.is_preferred, ratio.sex,
    CASE WHEN rated THEN 'rate_per_100k' ELSE 'count' END AS basis,
    first_period, last_period, first_count, last_count, first_value, last_value,
    CASE WHEN first_count >= {{fewest_events}} THEN 100 * (rate_ratio - 1) END AS change_percent,
    CASE
        WHEN refused IS NOT NULL THEN 'not_compared'
        WHEN first_count = 0 THEN 'no_events'
        WHEN first_count < {{fewest_events}} THEN 'few_events'
    END AS no_percent_reason, rate_ratio, rate_ratio * exp(-reach) AS ratio_low,
    rate_ratio * exp(reach) AS ratio_high, dispersion,
    CASE WHEN dispersion IS NOT NULL THEN 100 * (exp(reach) - 1) END AS usual_swing_percent,
    CASE
        WHEN refused IS NOT NULL THEN 'not compared'
        WHEN untested THEN 'not tested'
        WHEN rate_ratio * exp(-reach) > 1 THEN 'increase'
        WHEN rate_ratio * exp(reach) < 1 THEN 'decrease'
        WHEN dispersion IS NOT NULL THEN 'within the usual swings'
        ELSE 'no significant change'
    END AS direction,
    coalesce(refused, 'no break in between') AS break_handling,
    NOT is_stock AND least(first_count, last_count) < {{few}} AS few_events, obs_status, completeness, caveats
FROM ratio
JOIN out.area AS area ON area.code = ratio.ref_area
JOIN out.iccs AS category ON category.code = ratio.iccs
