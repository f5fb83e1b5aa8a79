-- Grain: one row for each annual figure of a category that counts of draft links may belong to, used or not, and one
-- for all others. Such are the category proposed, those above it, and those below it, as the review may lead deeper.
-- reads: series, mapped, links
WITH draft AS (
    SELECT stage, counting_unit, time_period, coalesce(iccs_code, proposed) AS category, sum(count) AS count,
        array_to_string(list_sort(list(DISTINCT national_code))[:5], ', ') AS codes
    FROM mapped
    JOIN links USING (link)
    WHERE coalesce(iccs_code, proposed) IS NOT NULL AND (status = 'draft' OR proposed IS NOT NULL)
    GROUP BY ALL
    HAVING sum(count) > 0
),
depending AS (
    SELECT stage, counting_unit, series.iccs, series.ref_area, time_period, NULL AS sex, NULL AS age,
        sum(draft.count) AS found, 0 AS expected, true AS failing,
        CAST(sum(draft.count) AS BIGINT) || ' in the source depend on draft links: '
            || string_agg(codes, ', ' ORDER BY category) AS detail
    FROM series
    JOIN draft USING (stage, counting_unit, time_period)
    WHERE starts_with(category, series.iccs) OR starts_with(series.iccs, category)
    GROUP BY ALL
)
FROM depending
UNION ALL BY NAME
SELECT false AS failing, (SELECT count(*) FROM series) - count(*) AS things
FROM depending
