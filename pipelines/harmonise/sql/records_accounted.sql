-- Grain: one row for each measure of a survey: the account of its estimates, with the records that they are made of.
-- reads: given, left_out
COPY (
    SELECT * REPLACE ({{read}}::BIGINT AS rows_read, {{used}}::BIGINT AS rows_used,
        (SELECT coalesce(sum(records), 0) FROM left_out)::BIGINT AS rows_excluded, 0::BIGINT AS rows_rejected,
        closes AND {{read}} = {{used}} + (SELECT coalesce(sum(records), 0) FROM left_out) AS closes)
    FROM given
) TO {{target}} (FORMAT parquet)
