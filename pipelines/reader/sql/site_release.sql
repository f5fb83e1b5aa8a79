-- Grain: one row, the release.
-- reads: out.release
SELECT release, published_at, sources, observations, rates, trends
FROM out.release
