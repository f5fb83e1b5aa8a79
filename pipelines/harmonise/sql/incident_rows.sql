-- Grain: one row for each incident, its codes as numbers of the lists; NULL or negative where a rule is broken.
-- DuckDB and Spark run this text; the smaller _1 and _2 lists of a dimension are joined to the label unchanged, and
-- where that is none to the word without blanks around it.
-- engines: duckdb, spark
SELECT
    {{selected}}{{numbers}}
FROM (
    SELECT
        tidy.*,
        {{exclusion}} AS _exclusion,
        {{day}} AS _day{{birth}}{{point}}
    FROM {{tidy}} AS tidy
) AS r
{{joins}}
