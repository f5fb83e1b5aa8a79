-- Grain: one row for each printed rate: it and its count as numbers, with the population behind the rates of the area and
-- year, and the range in which the rate lies if it is right. count is NULL where the file gives none, or no number. Areas
-- that the run does not use are left out.
-- A printed rate is the true one rounded to its digits (the most that a rate of the area, year and measure has: a zero
-- at the end is often not written), so a count and its rate imply a range of populations. The population behind the rates
-- of an area and year is the median of the five highest rates, which rounding changes least. Where fewer than three imply
-- one, a rate is compared with the nearest other years of the area (between_years), as a population moves little; the
-- population is then known if the rate has digits enough.
-- reads: area_code, list_ref_area
COPY (
    WITH printed AS (
        {{statement}}
    ),
    numbers AS (
        SELECT printed._row, area_code.code AS ref_area, time_period, national_code, measure,
            to_number(trim(count)) AS count, to_number(trim(rate)) AS rate, CAST(per AS DOUBLE) AS per,
            0.5 * pow(10, -max(
                CASE WHEN regexp_matches(rate, '[0-9][eE][-+]?[0-9]') THEN 15
                ELSE length(regexp_extract(rate, {{fraction}}, 1)) END
            ) OVER (PARTITION BY area_code.code, time_period, measure)) AS rounding
        FROM printed
        JOIN list_ref_area ON list_ref_area.word = trim(printed.ref_area)
        JOIN area_code ON area_code.id = list_ref_area.id
    ),
    implied AS (
        SELECT *, count / rate * per AS population, count / (rate + rounding) * per AS low,
            CASE WHEN rate > rounding THEN count / (rate - rounding) * per ELSE 'infinity'::DOUBLE END AS high,
            row_number() OVER (PARTITION BY ref_area, time_period ORDER BY rate DESC, national_code) AS place,
            count(*) OVER (PARTITION BY ref_area, time_period) >= 3 AS several
        FROM numbers
        WHERE count > 0 AND rate > 0
    ),
    of_year AS (
        SELECT ref_area, time_period, several, median(population) AS population, median(low) AS low, median(high) AS high
        FROM implied
        WHERE place <= CASE WHEN several THEN 5 ELSE 1 END
        GROUP BY ALL
    ),
    of_years AS (
        SELECT ref_area, time_period, median(other.population) AS population, median(other.low) AS low,
            median(other.high) AS high
        FROM (
            SELECT one.ref_area, one.time_period, struct_pack(
                    population := other.population, low := other.low, high := other.high
                ) AS other,
                row_number() OVER (
                    PARTITION BY one.ref_area, one.time_period
                    ORDER BY abs(CAST(one.time_period AS INTEGER) - CAST(other.time_period AS INTEGER)), other.time_period
                ) AS place
            FROM of_year AS one
            JOIN of_year AS other ON other.ref_area = one.ref_area AND other.time_period <> one.time_period
            WHERE NOT one.several AND length(one.time_period) = 4 AND length(other.time_period) = 4
        )
        WHERE place <= 5
        GROUP BY ALL
        -- The middle of three or more; two, if they agree.
        HAVING count(*) >= 3 OR count(*) = 2 AND max(other.low) <= 1.1 * min(other.high)
    ),
    usual AS (
        SELECT ref_area, time_period, population, low, high, false AS between_years FROM of_year WHERE several
        UNION ALL
        SELECT *, true FROM of_years
    ),
    code AS (
        SELECT national_code, min(iccs_code) AS iccs FROM read_parquet({{links}}) GROUP BY ALL
    )
    SELECT numbers._row, numbers.ref_area, numbers.time_period, numbers.national_code, code.iccs,
        CASE numbers.measure {{stages}} END AS stage, CASE numbers.measure {{units}} END AS counting_unit,
        numbers.count, numbers.rate, numbers.per, numbers.rounding, coalesce(between_years, false) AS between_years,
        CASE WHEN of_year.several OR of_year.high - of_year.low < 0.01 * of_year.population THEN of_year.population END
            AS population,
        numbers.count / usual.population * numbers.per AS rate_made,
        numbers.count / usual.high * numbers.per - numbers.rounding AS rate_low,
        numbers.count / usual.low * numbers.per + numbers.rounding AS rate_high
    FROM numbers
    LEFT JOIN usual ON usual.ref_area = numbers.ref_area AND usual.time_period = numbers.time_period
    LEFT JOIN of_year ON of_year.ref_area = numbers.ref_area AND of_year.time_period = numbers.time_period
    LEFT JOIN code ON code.national_code = numbers.national_code
    WHERE numbers.rate IS NOT NULL
) TO {{target}} (FORMAT parquet)
