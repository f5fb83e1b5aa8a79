-- Grain: one row for each source and kind of change against the release before.
-- reads: out.release_change
SELECT release, previous_release, source, release_change, cells, what_changed
FROM out.release_change
ORDER BY source, cells DESC
