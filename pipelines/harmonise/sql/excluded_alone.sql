-- Grain: one row for each exclusion with figures beside a figure that counts, of the same area, period and category: the
-- number of these, the number of those alone, and the first of those in the files.
-- reads: tally_part
WITH figure AS (
    SELECT ({{keys}}) AS place, exclusion, number, {'file': _file, 'sheet': _sheet, 'row': _row} AS position,
        {{words}} AS words
    FROM tally_part
    WHERE ref_area_id IS NOT NULL AND period IS NOT NULL
),
excluded AS (
    SELECT exclusion, place IN (SELECT place FROM figure WHERE exclusion = 0 AND number IS NOT NULL) AS is_beside,
        count(DISTINCT place) AS figures, min(position) AS position, arg_min(words, position) AS words
    FROM figure
    WHERE exclusion > 0 AND number > 0
    GROUP BY ALL
)
SELECT exclusion, sum(figures) FILTER (is_beside)::BIGINT AS beside, coalesce(sum(figures) FILTER (NOT is_beside), 0)::BIGINT AS alone,
    any_value(position) FILTER (NOT is_beside) AS position, any_value(words) FILTER (NOT is_beside) AS words
FROM excluded
GROUP BY exclusion
HAVING bool_or(is_beside)
ORDER BY exclusion
