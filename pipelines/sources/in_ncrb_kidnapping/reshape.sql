-- Sexes are columns; those of persons recovered and unrecovered are later states of the same persons and are not used.
-- Grain: one row for each raw row and sex.
SELECT * REPLACE (regexp_extract(sex, '\((.*)\)', 1) AS sex)
FROM raw UNPIVOT INCLUDE NULLS (victims FOR sex IN ("KIDNAPPED & ABDUCTED (MALE)", "KIDNAPPED & ABDUCTED (FEMALE)"))
