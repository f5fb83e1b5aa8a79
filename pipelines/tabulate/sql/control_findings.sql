-- Grain: one row for each observed category of a raw row whose parts differ from the total in the same row: of the
-- counting unit whose counts in that row are the parts. Which category is wrong is not known; the finding is shown once.
-- reads: core_text
-- writes: finding
INSERT INTO finding
WITH differing AS (
    SELECT control.*, core.stage, core.counting_unit, any_value(core.ref_area) AS ref_area,
        any_value(left(core.time_period, 4)) AS year, any_value(core._sheet) AS sheet, list_sort(list(DISTINCT core.iccs)) AS codes
    FROM read_parquet({{controls}}) AS control
    JOIN core_text AS core ON core._file = control.file AND core._row = control.row
    WHERE NOT control.within_tolerance AND control.row IS NOT NULL
    GROUP BY ALL
    HAVING abs(sum(core.value) - control.actual) <= 0.5
),
placed AS (
    SELECT *, row_number() OVER (ORDER BY abs(actual - expected) DESC, row, stage, counting_unit) AS place
    FROM differing
)
SELECT 'control_totals', CASE WHEN code.iccs = codes[1] THEN place END, stage, counting_unit, code.iccs, ref_area, year,
    NULL, NULL, actual, expected,
    control || ': expected ' || CAST(expected AS DECIMAL(38, 1)) || ', found ' || CAST(actual AS DECIMAL(38, 1)),
    file, sheet, row
FROM placed, unnest(codes) AS code (iccs)
