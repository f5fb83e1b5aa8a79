-- One row for each sex. Grain: one row for each raw row and sex.
SELECT *, left(date, 7) AS month, sex AS _column FROM raw UNPIVOT INCLUDE NULLS (n FOR sex IN (male, female))
