-- Grain: one row for each raw row and sex.
SELECT * FROM raw UNPIVOT INCLUDE NULLS (n FOR sex IN (men, women))
