-- Grain: one row for each measure: every raw row, cell and count is used, left out by a named rule, or rejected.
-- reads: disposed, core
-- writes: reconciliation
CREATE OR REPLACE TEMP TABLE reconciliation AS
WITH sums AS (
    SELECT measure, any_value(stage) AS stage, any_value(counting_unit) AS counting_unit,
        {% for name, column, type in (("rows", "raw_rows", "BIGINT"), ("cells", "cells", "BIGINT"), ("count", "counted", "DOUBLE")) %}
        coalesce(sum({{ column }}), 0)::{{ type }} AS {{ name }}_read,
        coalesce(sum({{ column }}) FILTER (disposition = 'used'), 0)::{{ type }} AS {{ name }}_used,
        coalesce(sum({{ column }}) FILTER (disposition IN ('excluded', 'out_of_scope')), 0)::{{ type }} AS {{ name }}_excluded,
        coalesce(sum({{ column }}) FILTER (disposition = 'rejected'), 0)::{{ type }} AS {{ name }}_rejected,
        {% endfor %}
        coalesce(sum(missing), 0)::BIGINT AS cells_missing
    FROM disposed
    WHERE disposition <> 'broken'
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
FROM sums
LEFT JOIN published USING (measure)
