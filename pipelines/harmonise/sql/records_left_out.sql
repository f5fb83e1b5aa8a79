-- Grain: one row for each measure and exclusion rule: what was left out of the estimates, and of the records. The count of
-- records is their number; estimates of groups that overlap (men, and men and women) have no sum.
-- reads: given, left_out, measured
COPY (
    SELECT measure, rule, reason, cells, NULL::DOUBLE AS count
    FROM given
    UNION ALL
    SELECT measured.measure, left_out.rule, left_out.reason, sum(left_out.records)::BIGINT, sum(left_out.records)::DOUBLE
    FROM left_out
    CROSS JOIN measured
    GROUP BY measured.measure, left_out.rule, left_out.reason
) TO {{target}} (FORMAT parquet)
