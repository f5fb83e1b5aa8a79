-- Grain: one row for each ICCS category and counting unit: counts of a source under two versions of its concordance.
-- Counts are annual, so a link must be valid for the full year.
-- reads: out.mapping_count, versions
WITH counts AS (
    SELECT national_code, stage, counting_unit, CAST(time_period AS INTEGER) AS year, sum(count) AS count
    FROM out.mapping_count
    WHERE source = $source
    GROUP BY ALL
),
mapped AS (
    SELECT version, coalesce(iccs, '(out of scope)') AS iccs, counting_unit, sum(count * weight) AS count
    FROM counts
    JOIN versions USING (national_code)
    WHERE first_day <= make_date(year, 1, 1) AND last_day >= make_date(year, 12, 31)
    GROUP BY ALL
)
SELECT iccs, counting_unit,
    coalesce(sum(count) FILTER (version = 'old'), 0) AS old_count,
    coalesce(sum(count) FILTER (version = 'new'), 0) AS new_count,
    new_count - old_count AS change,
    {{percent}} AS change_percent, {{no_percent}} AS no_percent_reason
FROM mapped
GROUP BY ALL
HAVING abs(change) > 1e-9
ORDER BY abs(change) DESC, iccs
