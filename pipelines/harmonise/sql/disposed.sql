-- Grain of disposed: one row for each measure, disposition and rule: how many raw rows, cells and counts it has. A raw row
-- counts once: as rejected if any of its cells is, else as used if any is, else as left out. Rows of the disposition
-- 'broken' count cells by rule; a cell that breaks two rules is in two of them, and once under 'rejected'.
-- Grain of cell_disposed: one row for each cell.
-- reads: cells, excluded, rejected
-- writes: cell_disposed, disposed
CREATE TEMP VIEW cell_disposed AS
SELECT
    cells.*,
    CASE
        WHEN broken.cell IS NOT NULL THEN 'rejected'
        WHEN starts_with(left_out.rule, 'out_of_scope_') THEN 'out_of_scope'
        WHEN left_out.cell IS NOT NULL THEN 'excluded'
        ELSE 'used'
    END AS disposition,
    CASE WHEN broken.cell IS NULL THEN left_out.rule END AS rule
FROM cells
LEFT JOIN (SELECT DISTINCT cell FROM rejected) AS broken USING (cell)
LEFT JOIN (SELECT cell, min(rule) AS rule FROM excluded GROUP BY cell) AS left_out USING (cell);

CREATE TEMP TABLE disposed AS
WITH raw_rows AS (
    SELECT measure, stage, counting_unit, max({
        'rank': CASE disposition WHEN 'rejected' THEN 3 WHEN 'used' THEN 2 ELSE 1 END,
        'disposition': disposition,
        'rule': coalesce(rule, '')
    }) AS first
    FROM cell_disposed
    GROUP BY measure, stage, counting_unit, _file, _sheet, _row
),
counted AS (
    SELECT measure, stage, counting_unit, disposition, coalesce(rule, '') AS rule, 0 AS raw_rows, count(*) AS cells,
        count(*) FILTER (disposition = 'used' AND value IS NULL) AS missing, coalesce(sum(number), 0) AS counted
    FROM cell_disposed
    GROUP BY ALL
    UNION ALL
    SELECT measure, stage, counting_unit, first.disposition, first.rule, count(*), 0, 0, 0
    FROM raw_rows
    GROUP BY ALL
)
SELECT measure, stage, counting_unit, disposition, rule, '' AS column_name, sum(raw_rows)::BIGINT AS raw_rows,
    sum(cells)::BIGINT AS cells, sum(missing)::BIGINT AS missing, sum(counted) AS counted
FROM counted
GROUP BY ALL
UNION ALL
SELECT cells.measure, cells.stage, cells.counting_unit, 'broken', rejected.rule, coalesce(rejected.column_name, ''),
    count(*), count(*), 0, coalesce(sum(cells.number), 0)
FROM rejected
JOIN cells USING (cell)
GROUP BY ALL
