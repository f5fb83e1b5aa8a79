-- Age groups are columns among subtotals and percentages; those used are found by the publisher's column numbers.
-- Grain: one row for each raw row and age group.
SELECT * REPLACE (regexp_extract(age, '[0-9]+$') AS age), 'DE' AS country
FROM raw UNPIVOT INCLUDE NULLS (suspects FOR age IN (COLUMNS('\| (5|6|7|8|9|12|13|16|20|21|24|25|26|27|28)$')))
