-- Grain: one row for each measure. A raw row counts as rejected if any of its cells is, else as used if any of its
-- cells is, else as excluded.
CREATE TEMP VIEW disposed AS
SELECT
    cells.*,
    CASE WHEN rejected.cell IS NOT NULL THEN 'rejected' WHEN excluded.cell IS NOT NULL THEN 'excluded' ELSE 'used' END
        AS disposition
FROM cells
LEFT JOIN (SELECT DISTINCT cell FROM rejected) AS rejected USING (cell)
LEFT JOIN (SELECT DISTINCT cell FROM excluded) AS excluded USING (cell);

CREATE TEMP TABLE reconciliation AS
WITH raw_rows AS (
    SELECT measure, stage, counting_unit, _file, _sheet, _row,
        max(CASE disposition WHEN 'rejected' THEN 3 WHEN 'used' THEN 2 ELSE 1 END) AS rank
    FROM disposed
    GROUP BY ALL
),
row_counts AS (
    SELECT measure, count(*) AS rows_read, count(*) FILTER (rank = 2) AS rows_used,
        count(*) FILTER (rank = 1) AS rows_excluded, count(*) FILTER (rank = 3) AS rows_rejected
    FROM raw_rows
    GROUP BY measure
),
cell_counts AS (
    SELECT measure, any_value(stage) AS stage, any_value(counting_unit) AS counting_unit,
        count(*) AS cells_read,
        count(*) FILTER (disposition = 'used') AS cells_used,
        count(*) FILTER (disposition = 'used' AND value IS NULL) AS cells_missing,
        count(*) FILTER (disposition = 'excluded') AS cells_excluded,
        count(*) FILTER (disposition = 'rejected') AS cells_rejected,
        coalesce(sum(number), 0) AS count_read,
        coalesce(sum(number) FILTER (disposition = 'used'), 0) AS count_used,
        coalesce(sum(number) FILTER (disposition = 'excluded'), 0) AS count_excluded,
        coalesce(sum(number) FILTER (disposition = 'rejected'), 0) AS count_rejected
    FROM disposed
    GROUP BY measure
),
published AS (
    SELECT measure, coalesce(sum(value), 0) AS count_published
    FROM core
    GROUP BY measure
)
SELECT
    measure, stage, counting_unit, rows_read, rows_used, rows_excluded, rows_rejected,
    cells_read, cells_used, cells_missing, cells_excluded, cells_rejected,
    count_read, count_used, count_excluded, count_rejected, coalesce(count_published, 0) AS count_published,
    rows_read = rows_used + rows_excluded + rows_rejected
        AND cells_read = cells_used + cells_excluded + cells_rejected
        AND abs(count_read - count_used - count_excluded - count_rejected) <= 1e-9 * greatest(abs(count_read), 1)
        AND abs(count_used - coalesce(count_published, 0)) <= 1e-9 * greatest(abs(count_used), 1) AS closes
FROM row_counts
JOIN cell_counts USING (measure)
LEFT JOIN published USING (measure);

-- What a publisher's own total speaks of: everything it counted, also what the ICCS leaves out.
CREATE TEMP VIEW core_and_out_of_scope AS
SELECT disposed.* FROM disposed
LEFT JOIN excluded USING (cell)
WHERE disposition = 'used' OR starts_with(rule, 'out_of_scope_')
