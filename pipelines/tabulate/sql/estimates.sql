-- Grain: one row for each used cell of a source of estimates or ratios, as given. The standard error is that of the source,
-- or follows from its half-width, its coefficient of variation, or its limits where the estimate is in their middle. The
-- limits are those of the source at its own level, or follow from the standard error at 95 %. An estimate that its source
-- calls unreliable has no value. The estimate is value too, as the rules on what is lost call it.
-- reads: core, estimate_measure, tally_part, doubted
-- writes: cells
CREATE OR REPLACE TEMP TABLE cells AS
WITH given AS (
    SELECT core.*, kind.* EXCLUDE (measure), links.relation, links.national_label AS link_label,
        links.caveats AS link_caveats,
        {% for name, number in numbers.items() %}
        {{number}} AS given_{{name}},
        {% endfor %}
        {{precision}} AS precision
    FROM core
    JOIN tally_part ON tally_part.cell = core.cell
    JOIN estimate_measure AS kind ON kind.measure = CAST(core.measure AS VARCHAR)
    JOIN read_parquet({{links}}) AS links ON links.link = core.link
    {{precision_join}}
),
with_error AS (
    SELECT *,
        coalesce(given_standard_error, given_half_width / quantile, given_cv_percent / 100 * abs(value), given_cv_share * abs(value),
            CASE WHEN abs((given_ci_low + given_ci_high) / 2 - value) <= {{middle}} * (given_ci_high - given_ci_low)
                THEN (given_ci_high - given_ci_low) / (2 * quantile) END) AS error,
        CASE WHEN given_standard_error IS NOT NULL THEN {{form}} WHEN given_half_width IS NOT NULL THEN 'half_width'
            WHEN given_ci_low IS NOT NULL THEN 'limits'
            WHEN coalesce(given_cv_percent, given_cv_share) IS NOT NULL THEN 'cv' ELSE 'none' END AS error_given_as
    FROM given
),
shown AS (
    SELECT *, coalesce(precision = 'unreliable', false) AS withheld, value IS NULL AS missing,
        given_ci_low IS NOT NULL OR given_half_width IS NOT NULL AS limits_given
    FROM with_error
)
SELECT measure, figures AS figure_kind, sdg, ref_area, area_level, time_period, freq, nullif(CAST(iccs AS VARCHAR), '') AS iccs,
    national_code, coalesce(nullif(CAST(national_label AS VARCHAR), ''), link_label) AS national_label, relation, stage, counting_unit, universe, reference_period, sex, age, {{attributes}},
    CASE WHEN NOT withheld THEN cells.value END AS estimate, CASE WHEN NOT withheld THEN cells.value END AS value,
    unit AS unit_of_measure,
    CASE WHEN NOT (withheld OR missing) THEN error END AS standard_error,
    CASE WHEN NOT (withheld OR missing) THEN coalesce(given_ci_low, value - given_half_width, value - {{quantile_95}} * error) END
        AS lower_limit,
    CASE WHEN NOT (withheld OR missing) THEN coalesce(given_ci_high, value + given_half_width, value + {{quantile_95}} * error) END
        AS upper_limit,
    CASE WHEN withheld OR missing THEN NULL WHEN limits_given THEN confidence_percent WHEN error IS NOT NULL THEN 95 END
        AS confidence_percent,
    error_given_as, given_sample_size AS sample_size, precision,
    CASE
        WHEN withheld AND NOT missing THEN 'O'
        WHEN missing THEN CAST(obs_status AS VARCHAR)
        WHEN {{breaks}} THEN 'B'
        WHEN precision = 'use_with_caution' THEN weaker_status('U', CAST(obs_status AS VARCHAR))
        ELSE CAST(obs_status AS VARCHAR)
    END AS obs_status,
    CASE WHEN missing THEN CASE CAST(obs_status AS VARCHAR) WHEN 'Q' THEN 'suppressed' WHEN 'M' THEN 'not_applicable'
            WHEN 'L' THEN 'not_collected' ELSE 'not_reported' END
        WHEN withheld THEN 'too_unreliable' END AS missing_reason,
    nullif(join_caveats({{caveats}}, concat_ws(';',
        CASE WHEN figures = 'estimate' AND error_given_as = 'none' AND NOT missing AND NOT withheld THEN 'sampling_error_not_given' END,
        link_caveats, CASE WHEN {{mass_events}} THEN 'mass_event' END,
        CASE WHEN (CAST(stage AS VARCHAR), CAST(counting_unit AS VARCHAR), CAST(iccs AS VARCHAR), CAST(ref_area AS VARCHAR),
            left(CAST(time_period AS VARCHAR), 4)) IN (
                SELECT (stage, counting_unit, iccs, ref_area, time_period) FROM doubted WHERE rule IN ({{doubted}})
            ) THEN 'words_disagree' END)), '') AS caveats,
    _file, _sheet, _row
FROM shown AS cells
