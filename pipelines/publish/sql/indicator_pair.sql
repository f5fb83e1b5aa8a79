-- Grain: one row for each source, area and year, and for each sex and age that the indicator does not compare: the
-- counts of numerator and denominator and their populations. A part that is missing makes the sum missing; a code that
-- has no row although its dimension is broken down has no events.
-- Where no population is needed, the cells are those of out.observation: status and caveats of rates are also of their
-- population.
-- reads: out.rate, out.observation
WITH annual AS (
    SELECT * FROM out.rate WHERE {{uses_population}}
    UNION ALL BY NAME
    SELECT * FROM out.observation WHERE freq = 'A' AND NOT {{uses_population}}
),
cells AS (
    SELECT *, {{top}} AS is_top, {{bottom}} AS is_bottom
    FROM annual
    WHERE iccs = {{iccs}} AND ({{top}} OR {{bottom}} OR {{broken_down}})
),
preferred AS (
    FROM cells
    QUALIFY NOT is_bottom OR {{preferred}}
)
SELECT
    source, vintage, ref_area, area_level, time_period, any_value(iccs_made_from) FILTER (is_bottom) AS iccs_made_from,
    {{keys}},
    coalesce(min(stage) FILTER (is_top), min(stage) FILTER (is_bottom)) AS stage,
    coalesce(min(counting_unit) FILTER (is_top), min(counting_unit) FILTER (is_bottom)) AS counting_unit,
    coalesce(sum(value) FILTER (is_top), CASE WHEN {{empty_is_zero}} AND bool_or(NOT is_bottom) THEN 0 END) AS numerator,
    sum(value) FILTER (is_bottom) AS denominator,
    sum(population) FILTER (is_top) AS top_population,
    sum(population) FILTER (is_bottom) AS bottom_population,
    coalesce(out.weakest_status(CASE WHEN value IS NOT NULL THEN obs_status END), 'A') AS obs_status,
    -- Of the persons in it, those whose sex (or age) is known: the others are on neither side of the comparison.
    -- How many are unknown may itself be hidden or withheld: the share is not known then.
    min(completeness) * CASE WHEN coalesce(bool_or(value IS NULL) FILTER ({{unknown}}), false) THEN NULL
        ELSE coalesce(1 - sum(value) FILTER ({{unknown}}) / nullif(sum(value) FILTER ({{broken_down}}), 0), 1) END
        AS completeness,
    out.merge_caveats(caveats) AS caveats
FROM preferred
GROUP BY ALL
HAVING bool_and(value IS NOT NULL) FILTER (is_top OR is_bottom) AND bool_or(is_bottom)
    AND numerator IS NOT NULL
ORDER BY ALL
