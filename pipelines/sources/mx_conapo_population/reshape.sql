-- Females and Males become rows; Total is their total (a control). Grain: one row for each raw row and sex.
FROM raw UNPIVOT INCLUDE NULLS (persons FOR sex IN (Females, Males))
