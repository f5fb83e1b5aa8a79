-- Grain: one row for each national code of a country and later first year of a code of another category of its division (of
-- two divisions, codes that fall and begin in one year meet by chance): whether what the one
-- had before is less by what the new one has, far more than it usually changes from a year to the next. A new code whose link
-- has a first day has been declared.
-- reads: core, links
WITH totals AS (
    SELECT stage, counting_unit, area_level, left(CAST(ref_area AS VARCHAR), 2) AS country, CAST(national_code AS VARCHAR) AS code,
        CAST(left(time_period, 4) AS INTEGER) AS year, min(CAST(iccs AS VARCHAR)) AS iccs, sum(value) AS value
    FROM (  -- codes are grouped as such, far quicker than what is made of their texts
        SELECT stage, counting_unit, area_level, ref_area, national_code, time_period, min(iccs) AS iccs, sum(value) AS value,
            count(value) = count(*) AS is_whole
        FROM core
        WHERE freq <> 'Q'
        GROUP BY ALL
    )
    GROUP BY ALL
    HAVING bool_and(is_whole)
),
began AS (
    SELECT stage, counting_unit, area_level, country, code, min(year) AS first_year, arg_min(value, year) AS value,
        arg_min(iccs, year) AS iccs
    FROM totals
    GROUP BY ALL
),
new AS (
    SELECT *
    FROM began
    WHERE code NOT IN (SELECT national_code FROM links WHERE valid_from IS NOT NULL)
    QUALIFY first_year > min(first_year) OVER (PARTITION BY stage, counting_unit, country, area_level)
),
step AS (
    SELECT *, lag(value) OVER years AS before, year - lag(year) OVER years AS years_on,
        CASE WHEN value > 0 AND lag(value) OVER years > 0 THEN ln(value / lag(value) OVER years) END AS grown
    FROM totals
    WINDOW years AS (PARTITION BY stage, counting_unit, country, area_level, code ORDER BY year)
),
placed AS (
    SELECT *, median(grown) OVER of_code AS usual, count(grown) OVER of_code AS steps
    FROM step
    WINDOW of_code AS (PARTITION BY stage, counting_unit, country, area_level, code)
),
old AS (
    SELECT *, before * exp(usual) AS expected, greatest(
            1.4826 * median(abs(grown - usual)) OVER (PARTITION BY stage, counting_unit, country, area_level, code),
            sqrt(2 / before)
        ) * before AS deviation
    FROM placed
    WHERE steps >= {{least_years}}
),
compared AS (
    SELECT old.*, new.code AS new_code, first_year, new.value AS taken
    FROM new
    JOIN old USING (stage, counting_unit, country, area_level)
    WHERE old.year = new.first_year AND old.years_on = 1 AND old.code <> new.code AND old.iccs <> new.iccs
        AND left(old.iccs, 2) = left(new.iccs, 2)
        AND new.value >= {{least_count}}
)
SELECT stage, counting_unit, iccs, country AS ref_area, CAST(first_year AS VARCHAR) AS time_period, NULL AS sex, NULL AS age,
    value AS found, expected,
    expected - value > {{times}} * deviation AND abs(expected - value - taken) <= {{near}} * taken AS failing,
    code || ' had ' || CAST(before AS BIGINT) || ' the year before, and has ' || CAST(value AS BIGINT) || ' in ' || first_year
        || ', in which ' || new_code || ' begins with ' || CAST(taken AS BIGINT) AS detail
FROM compared
