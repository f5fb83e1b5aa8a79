-- Sex and age are in the column names; totals among them are controls. Grain: one row for each raw row, sex and age.
SELECT *, split_part(sex_age, ' ', 2) AS age, regexp_extract(sex_age, '\((.*)\)', 1) AS sex
FROM raw UNPIVOT INCLUDE NULLS (victims FOR sex_age IN (COLUMNS('^MURDERED (CHILD|ADULT) .(MALE|FEMALE).$')))
