-- Grain: one row for each measure, disposition and rule, of all parts of a source. Lines that could not be split have no
-- measure, nor have rows whose measure is unknown: they are counted under the first, or only, one of the source.
-- reads: disposed_part
-- writes: disposed
CREATE OR REPLACE TEMP TABLE disposed AS
WITH every AS (
    SELECT coalesce(measure, {{measure}}) AS measure, coalesce(stage, {{stage}}) AS stage,
        coalesce(counting_unit, {{counting_unit}}) AS counting_unit, disposition, rule, column_name, raw_rows, cells,
        missing, counted
    FROM disposed_part
    UNION ALL
    SELECT {{measure}}, {{stage}}, {{counting_unit}}, disposition, rule, '', {{malformed}}, {{malformed}}, 0,
        {{malformed_counted}}
    FROM (VALUES ('rejected', ''), ('broken', 'malformed_line')) AS line (disposition, rule)
    WHERE {{malformed}} > 0
)
SELECT measure, stage, counting_unit, disposition, rule, column_name, sum(raw_rows)::BIGINT AS raw_rows,
    sum(cells)::BIGINT AS cells, sum(missing)::BIGINT AS missing, sum(counted)::DOUBLE AS counted
FROM every
GROUP BY ALL
