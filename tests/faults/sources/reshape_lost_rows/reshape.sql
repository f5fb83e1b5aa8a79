-- Without INCLUDE NULLS the row without any figure is lost.
FROM raw UNPIVOT (victims FOR sex IN (men, women))
