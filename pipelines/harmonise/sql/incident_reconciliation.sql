-- Grain: one row for each measure: every incident is used, excluded by a named rule or rejected, and so is every count.
CREATE OR REPLACE TEMP TABLE reconciliation AS
WITH sums AS (
    SELECT measure, any_value(stage) AS stage, any_value(counting_unit) AS counting_unit,
        sum(records)::BIGINT AS rows_read,
        coalesce(sum(records) FILTER (disposition = 'used'), 0)::BIGINT AS rows_used,
        coalesce(sum(records) FILTER (disposition IN ('excluded', 'out_of_scope')), 0)::BIGINT AS rows_excluded,
        coalesce(sum(records) FILTER (disposition = 'rejected'), 0)::BIGINT AS rows_rejected,
        sum(counted) AS count_read,
        coalesce(sum(counted) FILTER (disposition = 'used'), 0) AS count_used,
        coalesce(sum(counted) FILTER (disposition IN ('excluded', 'out_of_scope')), 0) AS count_excluded,
        coalesce(sum(counted) FILTER (disposition = 'rejected'), 0) AS count_rejected
    FROM disposed
    WHERE disposition <> 'broken'
    GROUP BY measure
),
published AS (
    SELECT measure, sum(value) AS count_published
    FROM core
    GROUP BY measure
)
SELECT
    measure, stage, counting_unit, rows_read, rows_used, rows_excluded, rows_rejected,
    rows_read AS cells_read, rows_used AS cells_used, 0 AS cells_missing, rows_excluded AS cells_excluded,
    rows_rejected AS cells_rejected,
    count_read, count_used, count_excluded, count_rejected, coalesce(count_published, 0) AS count_published,
    rows_read = rows_used + rows_excluded + rows_rejected
        AND abs(count_read - count_used - count_excluded - count_rejected) <= 1e-9 * greatest(abs(count_read), 1)
        AND abs(count_used - coalesce(count_published, 0)) <= 1e-9 * greatest(abs(count_used), 1) AS closes
FROM sums
LEFT JOIN published USING (measure)
