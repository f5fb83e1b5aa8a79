-- Grain: one row: whether any figure is divided by sex, by age, and by months or quarters, and whether any row was rejected.
-- reads: cells, core, lost_row
SELECT
    EXISTS (FROM cells WHERE sex <> '_T') OR EXISTS (FROM core WHERE sex <> '_T') AS sex,
    EXISTS (FROM cells WHERE age <> '_T') OR EXISTS (FROM core WHERE age <> '_T') AS age,
    EXISTS (FROM cells WHERE freq <> 'A') OR EXISTS (FROM core WHERE freq <> 'A') AS months,
    EXISTS (FROM lost_row WHERE is_rejected) AS rejected_rows
