-- Grain: one row: whether any figure is divided by sex, by age, and by months or quarters.
-- reads: cells, core
SELECT
    EXISTS (FROM cells WHERE sex <> '_T') OR EXISTS (FROM core WHERE sex <> '_T') AS sex,
    EXISTS (FROM cells WHERE age <> '_T') OR EXISTS (FROM core WHERE age <> '_T') AS age,
    EXISTS (FROM cells WHERE freq <> 'A') OR EXISTS (FROM core WHERE freq <> 'A') AS months
