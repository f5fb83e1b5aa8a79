-- out.series: every annual series, all attributes together, and which one is preferred if an area and category have
-- several. preference counts from 1: series with figures first, then by out.series_rank, then by source name. It is
-- the same for all sexes of a series, and for all its age groups, so that parts never come from two series.
-- Grain: one row for each source, area, ICCS category, stage, counting unit, sex and age in out.rate.
-- reads: out.rate, out.series_break
CREATE OR REPLACE VIEW out.series AS
WITH given AS (
    SELECT source, ref_area, area_level, iccs, stage, counting_unit, sex, age,
        min(time_period) FILTER (value IS NOT NULL) AS first_period,
        max(time_period) FILTER (value IS NOT NULL) AS last_period, count(value) AS years,
        coalesce(list(time_period ORDER BY time_period) FILTER (obs_status = 'B'), []) AS marked
    FROM out.rate
    WHERE ({{attributes}}) = ({{totals}})
    GROUP BY ALL
),
kind AS (
    SELECT ref_area, iccs, sex = '_T' AS all_sexes, age = '_T' AS all_ages, source, stage, counting_unit,
        -- Figures that tell more than how many persons are of unknown sex or age.
        bool_or(years > 0 AND sex NOT IN ('_U', '_Z') AND age NOT IN ('_U', '_Z')) AS has_figures
    FROM given
    GROUP BY ALL
),
ranked AS (
    SELECT *, row_number() OVER (
        PARTITION BY ref_area, iccs, all_sexes, all_ages
        ORDER BY has_figures DESC, out.series_rank(stage, counting_unit), source
    ) AS preference
    FROM kind
),
declared AS (
    SELECT source, iccs, ref_area, list(left(time_period, 4)) AS periods
    FROM out.series_break
    GROUP BY ALL
)
SELECT given.source, given.ref_area, given.area_level, given.iccs, given.stage, given.counting_unit, given.sex, given.age,
    first_period, last_period, years, preference, preference = 1 AS is_preferred,
    nullif(array_to_string(list_sort([one FOR one IN list_distinct(
        list_concat(marked, own.periods, general.periods, borders.periods))
        IF one > first_period AND one <= last_period]), ';'), '') AS breaks
FROM given
JOIN ranked ON ranked.ref_area = given.ref_area AND ranked.iccs = given.iccs AND all_sexes = (sex = '_T')
    AND all_ages = (age = '_T') AND ranked.source = given.source AND ranked.stage = given.stage
    AND ranked.counting_unit = given.counting_unit
LEFT JOIN declared AS own ON own.source = given.source AND own.iccs = given.iccs AND own.ref_area IS NULL
LEFT JOIN declared AS general ON general.source = given.source AND general.iccs IS NULL AND general.ref_area IS NULL
LEFT JOIN declared AS borders ON borders.source = given.source AND borders.iccs IS NULL
    AND borders.ref_area = given.ref_area
