-- Women are forgotten: every row comes out, not every count.
FROM raw UNPIVOT INCLUDE NULLS (victims FOR sex IN (men))
