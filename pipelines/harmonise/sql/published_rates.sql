-- Grain: one row for each printed rate that has its count: both as numbers, with the population that they imply
-- together and the one that the other rates of the area and year imply (the median of the five highest rates, which
-- rounding changes least; unknown where fewer than three imply one). Areas and categories that the run does not use are
-- left out.
-- reads: word
COPY (
    WITH printed AS (
        {{statement}}
    ),
    numbers AS (
        SELECT printed._row, word.code AS ref_area, time_period, national_code, measure,
            to_count(trim(count)) AS count, to_number(trim(rate)) AS rate, CAST(per AS DOUBLE) AS per
        FROM printed
        JOIN word ON word.dimension = 'ref_area' AND word.word = trim(printed.ref_area)
    ),
    implied AS (
        SELECT *, count / rate * per AS population
        FROM numbers
        WHERE count > 0 AND rate > 0
    ),
    usual AS (
        SELECT ref_area, time_period, median(population) AS population
        FROM (
            SELECT *, row_number() OVER (PARTITION BY ref_area, time_period ORDER BY rate DESC, national_code) AS place
            FROM implied
        )
        WHERE place <= 5
        GROUP BY ALL
        HAVING count(*) >= 3
    ),
    code AS (
        SELECT national_code, min(iccs_code) AS iccs FROM read_parquet({{links}}) GROUP BY ALL
    )
    SELECT numbers._row, numbers.ref_area, numbers.time_period, numbers.national_code, code.iccs,
        CASE numbers.measure {{stages}} END AS stage, CASE numbers.measure {{units}} END AS counting_unit,
        numbers.count, numbers.rate, numbers.per, usual.population,
        numbers.count / usual.population * numbers.per AS rate_made
    FROM numbers
    LEFT JOIN usual ON usual.ref_area = numbers.ref_area AND usual.time_period = numbers.time_period
    LEFT JOIN code ON code.national_code = numbers.national_code
    WHERE numbers.count IS NOT NULL AND numbers.rate IS NOT NULL
) TO {{target}} (FORMAT parquet)
