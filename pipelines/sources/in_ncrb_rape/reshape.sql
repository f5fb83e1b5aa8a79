-- Ages are in the column names, next to cases and totals. Grain: one row for each raw row and column used.
SELECT
    * REPLACE (CASE WHEN contains(counted, 'VICTIMS') THEN 'RAPE VICTIMS' ELSE counted END AS counted),
    CASE WHEN contains(counted, 'VICTIMS') THEN 'victims' ELSE 'cases' END AS measure,
    counted AS age
FROM raw UNPIVOT INCLUDE NULLS (cases_or_victims FOR counted IN (COLUMNS('^RAPE (CASE|VICTIMS.* YEARS)')))
