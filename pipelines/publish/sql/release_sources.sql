-- Grain: one row for each source of either release.
-- reads: release_0.out.source, release_1.out.source, differing, differing_population, differing_estimate
WITH every AS (
    SELECT source, difference FROM differing
    UNION ALL
    SELECT source, difference FROM differing_population
    UNION ALL
    SELECT source, difference FROM differing_estimate
)
SELECT coalesce(old.source, new.source) AS source, old.vintage AS old_vintage, new.vintage AS new_vintage,
    count(*) FILTER (difference = 'added') AS added,
    count(*) FILTER (difference = 'withdrawn') AS withdrawn,
    count(*) FILTER (difference = 'no_longer_given') AS no_longer_given,
    count(*) FILTER (difference = 'now_given') AS now_given,
    count(*) FILTER (difference = 'changed') AS changed,
    count(*) FILTER (difference = 'marks_changed') AS marks_changed
FROM release_0.out.source AS old
FULL JOIN release_1.out.source AS new ON new.source = old.source
LEFT JOIN every ON every.source = coalesce(old.source, new.source)
GROUP BY ALL
ORDER BY 1
