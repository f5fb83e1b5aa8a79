-- Grain: one row for each observed category of a raw row whose parts differ from the total in the same row: of the
-- counting unit whose counts in that row are the parts.
-- reads: core_text
-- writes: finding
INSERT INTO finding
SELECT 'control_totals', row_number() OVER (ORDER BY abs(control.actual - control.expected) DESC, control.row) AS place,
    core.stage, core.counting_unit, any_value(core.iccs), any_value(core.ref_area),
    any_value(left(core.time_period, 4)), NULL, NULL, control.actual, control.expected,
    control.control || ': expected ' || CAST(control.expected AS DECIMAL(38, 1)) || ', found '
        || CAST(control.actual AS DECIMAL(38, 1)),
    control.file, any_value(core._sheet), control.row
FROM read_parquet({{controls}}) AS control
JOIN core_text AS core ON core._file = control.file AND core._row = control.row
WHERE NOT control.within_tolerance AND control.row IS NOT NULL
GROUP BY control.control, control.file, control.row, control.expected, control.actual, core.stage, core.counting_unit
HAVING abs(sum(core.value) - control.actual) <= 0.5
