-- Grain: one row for each source and kind of change that occurred, of counts and their rates and of estimates.
-- reads: changed_figure, changed_estimate
-- writes: out.release_change
INSERT INTO out.release_change BY NAME
WITH changed AS (
    SELECT source, release_change, reasons FROM changed_figure
    UNION ALL
    SELECT source, release_change, reasons FROM changed_estimate
),
reason AS (
    SELECT source, release_change, string_agg(concat(reason, ' ', cells), '; ' ORDER BY cells DESC, reason) AS what_changed
    FROM (
        SELECT source, release_change, reason, count(*) AS cells
        FROM (SELECT source, release_change, unnest(reasons) AS reason FROM changed)
        GROUP BY ALL
    )
    GROUP BY ALL
),
counted AS (
    SELECT source, release_change, count(*) AS cells
    FROM changed
    GROUP BY ALL
)
SELECT {{release}} AS release, {{previous}} AS previous_release, source, release_change, cells, what_changed
FROM counted
LEFT JOIN reason USING (source, release_change)
ORDER BY source, release_change
