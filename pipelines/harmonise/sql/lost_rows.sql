-- What a source lost and what it kept, as far as each row tells: a rejected row may still have its area, its period and
-- its category. A national code is in each of its categories by weight; one that is out of scope loses nothing.
-- A text that is not a date may still contain its year, or year and month; its number is then below zero. That year is used
-- only if other rows are of the same year. A loss in a year without figures (1900-00-00) would lower none of them, so such
-- a row has no period and lowers all.
-- Grain: one row for each measure, area, period (none for a date in the future), national code and category, and whether
-- the rows are rejected: how many rows, what they count, and in how many rows the count could not be read.
-- reads: area_code, code_link, code_span, tally
WITH
{{judged}},
year_used AS (
    SELECT DISTINCT period // 100 AS year FROM judged WHERE disposition = 'used'
),
grouped AS (
    SELECT measure, stage, counting_unit, ref_area_id, CASE WHEN period > 0 THEN period WHEN year IS NOT NULL THEN -period END AS period, code_id,
        disposition = 'rejected' AS is_rejected, sum({{records}})::DOUBLE AS records,
        coalesce(sum(value) FILTER (fault = 0), 0)::DOUBLE AS counted,
        coalesce(sum({{records}}) FILTER (fault <> 0), 0)::DOUBLE AS unread
    FROM judged
    LEFT JOIN year_used ON period < 0 AND year = -period // 100
    WHERE disposition IN ('used', 'rejected')
    GROUP BY ALL
)
SELECT measure, stage, counting_unit, grouped.code_id,
    CASE WHEN grouped.code_id IS NOT NULL THEN coalesce(link.iccs_code, '') END AS iccs,
    area_code.code AS ref_area, {{time_period}} AS time_period, is_rejected,
    sum(records * coalesce(link.weight, 1)) AS records, sum(counted * coalesce(link.weight, 1)) AS counted,
    sum(unread * coalesce(link.weight, 1)) AS unread
FROM grouped
LEFT JOIN area_code ON area_code.id = grouped.ref_area_id
LEFT JOIN code_link AS link ON link.code_id = grouped.code_id
WHERE grouped.code_id IS NULL OR link.out_of_scope IS NULL
GROUP BY ALL
