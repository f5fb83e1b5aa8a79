-- Grain: one row: how many estimates have their error in several forms, in how many these differ, and the first of these.
-- reads: core, estimate_measure, tally_part
WITH forms AS (
    SELECT core._file, core._row, core.ref_area, core.time_period, core.national_code, core.value,
        list_filter([{{errors}}], lambda error: error IS NOT NULL) AS errors
    FROM core
    JOIN tally_part ON tally_part.cell = core.cell
    JOIN estimate_measure AS kind ON kind.measure = CAST(core.measure AS VARCHAR)
    WHERE core.value IS NOT NULL
)
SELECT count(*), count(*) FILTER (differs),
    min_by(
        concat_ws(' ', ref_area, time_period, national_code) || ': standard errors of ' || round(list_min(errors), 3)
            || ' and ' || round(list_max(errors), 3) || ' (row ' || _row || ')',
        _row
    ) FILTER (differs)
FROM (
    SELECT *, list_max(errors) - list_min(errors) > {{most}} * list_max(errors) AS differs
    FROM forms
    WHERE len(errors) > 1
)
