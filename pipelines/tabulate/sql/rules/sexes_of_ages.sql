-- Grain: one row for each area and year whose children and old persons, by sex, are more apart than chance allows. Everywhere
-- more boys than girls are born, and nearly everywhere more women than men grow old: where girls outnumber boys and old men old
-- women, the two columns or codes were exchanged. Each by itself is found in real populations (migrants grow old, as in the
-- Gulf), and both for some years in models of the past, which come and go gradually. So failing are: all such years of an area
-- that has them in most of its years, and such years in a row that begin or end with a leap of the balance of old persons.
-- needs: sex, age
-- reads: annual, age_bound
WITH banded AS (
    SELECT annual.*, low, coalesce(high, 200) AS high,
        least({{old_from}}, max(low) OVER (PARTITION BY stage, counting_unit, iccs, ref_area, time_period)) AS old_from
    FROM annual
    JOIN age_bound ON age_bound.age = CAST(annual.age AS VARCHAR)
    WHERE sex IN ('M', 'F') AND low IS NOT NULL AND value IS NOT NULL
),
balance AS (
    SELECT stage, counting_unit, iccs, ref_area, time_period, year, old_from, max(high) FILTER (high <= {{young_to}}) AS young_to,
        sum(value) FILTER (sex = 'M' AND high <= {{young_to}}) AS boys, sum(value) FILTER (sex = 'F' AND high <= {{young_to}}) AS girls,
        sum(value) FILTER (sex = 'M' AND low >= old_from) AS men, sum(value) FILTER (sex = 'F' AND low >= old_from) AS women
    FROM banded
    GROUP BY ALL
    HAVING old_from >= {{old_from_least}} AND boys > 0 AND girls > 0 AND men > 0 AND women > 0
),
compared AS (
    SELECT *, ln(men / women) AS excess, (girls - boys) / sqrt(girls + boys) AS girls_above, (men - women) / sqrt(men + women) AS men_above,
        girls_above > {{sigmas}} AND men_above > {{sigmas}} AS is_opposite
    FROM balance
),
neighbours AS (
    SELECT *, lag(excess) OVER years AS before, lead(excess) OVER years AS after,
        CASE WHEN is_opposite IS DISTINCT FROM lag(is_opposite) OVER years THEN 1 ELSE 0 END AS begins,
        count(*) OVER area AS years, count(*) FILTER (is_opposite) OVER area AS opposite_years
    FROM compared
    WINDOW years AS (PARTITION BY stage, counting_unit, iccs, ref_area ORDER BY year),
        area AS (PARTITION BY stage, counting_unit, iccs, ref_area)
),
runs AS (
    SELECT *, sum(begins) OVER (PARTITION BY stage, counting_unit, iccs, ref_area ORDER BY year) AS run
    FROM neighbours
),
judged AS (
    SELECT *, is_opposite AND (
            opposite_years >= {{least_share}} * years
            OR coalesce(first_value(excess - before) OVER inside >= greatest({{least_leap}}, first_value(excess) OVER inside), false)
            OR coalesce(last_value(excess - after) OVER inside >= greatest({{least_leap}}, last_value(excess) OVER inside), false)
        ) AS failing
    FROM runs
    WINDOW inside AS (PARTITION BY stage, counting_unit, iccs, ref_area, run ORDER BY year
        ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
)
SELECT stage, counting_unit, iccs, ref_area, time_period, NULL AS sex, NULL AS age, men / (men + women) AS found,
    women / (men + women) AS expected, failing,
    CAST(round(men) AS BIGINT) || ' men and ' || CAST(round(women) AS BIGINT) || ' women aged ' || old_from || ' and over; '
        || CAST(round(boys) AS BIGINT) || ' boys and ' || CAST(round(girls) AS BIGINT) || ' girls up to ' || young_to
        || '; so in ' || count(*) FILTER (failing) OVER all_areas || ' of ' || count(*) OVER all_areas || ' areas of enough persons'
        AS detail
FROM judged
WHERE abs(girls_above) > {{sigmas}} AND abs(men_above) > {{sigmas}}
WINDOW all_areas AS (PARTITION BY stage, counting_unit, iccs, year)
