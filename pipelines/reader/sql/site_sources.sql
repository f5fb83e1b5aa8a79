-- Grain: one row for each source.
-- reads: out.source
SELECT source, kind, title, publisher, url, licence, citation, first_period, last_period
FROM out.source
ORDER BY source
