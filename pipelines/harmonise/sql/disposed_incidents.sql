-- Grain: one row for each measure, disposition and rule, as disposed.sql makes it of cells; an incident is a raw row and a
-- cell. Lines that could not be split have no measure: they are counted under the first, or only, one of the source.
-- reads: disposed_part
-- writes: disposed
CREATE OR REPLACE TEMP TABLE disposed AS
WITH every AS (
    SELECT coalesce(measure, {{measure}}) AS measure, coalesce(stage, {{stage}}) AS stage,
        coalesce(counting_unit, {{counting_unit}}) AS counting_unit, disposition, rule, column_name, records, counted
    FROM disposed_part
    UNION ALL
    SELECT {{measure}}, {{stage}}, {{counting_unit}}, disposition, rule, '', {{malformed}}, {{malformed_counted}}
    FROM (VALUES ('rejected', ''), ('broken', 'malformed_line')) AS line (disposition, rule)
    WHERE {{malformed}} > 0
)
SELECT measure, stage, counting_unit, disposition, rule, column_name, sum(records)::BIGINT AS raw_rows,
    sum(records)::BIGINT AS cells, 0::BIGINT AS missing, sum(counted)::DOUBLE AS counted
FROM every
GROUP BY ALL
