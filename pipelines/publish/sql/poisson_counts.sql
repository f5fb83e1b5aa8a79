-- Grain: one row for each different count that gets a rate.
-- reads: out.observation
SELECT DISTINCT value FROM out.observation WHERE freq = 'A' AND value IS NOT NULL
