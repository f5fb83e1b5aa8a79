-- popM and popF become rows; pop is their total (a control). Grain: one row for each raw row and sex.
SELECT *, lpad(country_code, 3, '0') AS area, 'estimate' AS status
FROM raw UNPIVOT INCLUDE NULLS (persons FOR sex IN (popM, popF))
