-- Grain: one row for each figure that is not the same in the last release and in this one: annual figures with their
-- rates, and those of quarters and months. A rate of the same count is another because its population is. old_rate and old_cell are its columns in today's names.
-- reads: last_release.out.rate, last_release.out.observation, out.rate, out.observation
-- writes: changed_figure
CREATE OR REPLACE TEMP TABLE changed_figure AS
WITH old_figure AS (
    SELECT 'A' AS freq, {{old_rate}}, {{old_reason}} FROM last_release.out.rate
    UNION ALL BY NAME
    SELECT freq, {{old_cell}}, NULL::DOUBLE AS rate, {{old_missing}} FROM last_release.out.observation WHERE freq <> 'A'
),
new_figure AS (
    SELECT 'A' AS freq, {{columns}}, rate_per_100k AS rate, no_rate_reason AS reason FROM out.rate
    UNION ALL BY NAME
    SELECT freq, {{columns}}, NULL::DOUBLE AS rate, missing_reason AS reason FROM out.observation WHERE freq <> 'A'
),
-- Most figures are the same in both, and are left out by hash before anything is joined.
old_hash AS (
    SELECT *, hash(freq, {{columns}}, rate, reason) AS row_hash FROM old_figure
),
new_hash AS (
    SELECT *, hash(freq, {{columns}}, rate, reason) AS row_hash FROM new_figure
),
both_sides AS (
    SELECT {{key}}, old.was_there, new.is_there, old.value AS old_value, new.value AS new_value, old.rate AS old_rate,
        new.rate AS new_rate, new.reason, old.obs_status AS old_status, new.obs_status AS new_status,
        list_filter(string_split(coalesce(new.caveats, ''), ';'),
            lambda code: code <> '' AND NOT list_contains(string_split(coalesce(old.caveats, ''), ';'), code)) AS added,
        list_filter(string_split(coalesce(old.caveats, ''), ';'),
            lambda code: code <> '' AND NOT list_contains(string_split(coalesce(new.caveats, ''), ';'), code)) AS gone
    FROM (SELECT *, true AS was_there FROM old_hash ANTI JOIN new_hash USING (row_hash)) AS old
    FULL JOIN (SELECT *, true AS is_there FROM new_hash ANTI JOIN old_hash USING (row_hash)) AS new USING ({{key}})
)
SELECT {{key}}, old_value, new_value, old_rate, new_rate,
    CASE
        WHEN is_there IS NULL THEN 'withdrawn'
        WHEN was_there IS NULL THEN 'new'
        WHEN (old_value IS NOT NULL AND new_value IS NULL) OR (old_rate IS NOT NULL AND new_rate IS NULL) THEN 'gated'
        WHEN (old_value IS NULL AND new_value IS NOT NULL) OR (old_rate IS NULL AND new_rate IS NOT NULL) THEN 'completed'
        WHEN old_value IS DISTINCT FROM new_value OR old_rate IS DISTINCT FROM new_rate THEN 'revised'
        WHEN len(added) > 0 OR (old_status <> new_status AND out.weaker_status(old_status, new_status) = new_status)
            THEN 'marked'
        ELSE 'unmarked'
    END AS release_change,
    CASE release_change
        WHEN 'gated' THEN [coalesce(missing.missing_reason, reason, 'no reason given')]
        WHEN 'revised' THEN CASE WHEN old_value IS NOT DISTINCT FROM new_value THEN ['population'] END
        WHEN 'marked' THEN list_concat(added, CASE WHEN old_status <> new_status THEN [concat('status ', new_status)] END)
        WHEN 'unmarked' THEN list_concat(gone, CASE WHEN old_status <> new_status THEN [concat('status ', new_status)] END)
    END AS reasons
FROM both_sides
LEFT JOIN (SELECT {{key}}, missing_reason FROM out.observation WHERE missing_reason IS NOT NULL) AS missing USING ({{key}})
