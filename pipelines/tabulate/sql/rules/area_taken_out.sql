-- Grain: one row for each area and later first year of another area of its country: whether what the one had before is less
-- by what the new one has, far more than the area usually changes from a year to the next. All categories together.
-- Areas whose list says that one was split from the other are judged by area_split.
-- needs: {{least_years}} years, 2 areas
-- reads: given, area_split
WITH totals AS (
    SELECT stage, counting_unit, area_level, CAST(ref_area AS VARCHAR) AS area, left(CAST(ref_area AS VARCHAR), 2) AS country,
        year, sum(value) AS value
    FROM given
    WHERE area_level NOT IN ('country', 'not_stated')
    GROUP BY ALL
    HAVING count(value) = count(*)
),
began AS (
    SELECT stage, counting_unit, area_level, country, area, min(year) AS first_year, arg_min(value, year) AS value
    FROM totals
    GROUP BY ALL
),
new AS (
    SELECT *
    FROM began
    QUALIFY first_year > min(first_year) OVER (PARTITION BY stage, counting_unit, country, area_level)
),
step AS (
    SELECT *, lag(value) OVER years AS before, year - lag(year) OVER years AS years_on,
        CASE WHEN value > 0 AND lag(value) OVER years > 0 THEN ln(value / lag(value) OVER years) END AS grown
    FROM totals
    WINDOW years AS (PARTITION BY stage, counting_unit, area ORDER BY year)
),
placed AS (
    SELECT *, median(grown) OVER of_area AS usual, count(grown) OVER of_area AS steps
    FROM step
    WINDOW of_area AS (PARTITION BY stage, counting_unit, area)
),
old AS (
    SELECT *, before * exp(usual) AS expected, greatest(
            1.4826 * median(abs(grown - usual)) OVER (PARTITION BY stage, counting_unit, area), sqrt(2 / before)
        ) * before AS deviation
    FROM placed
    WHERE steps >= {{least_years}}
),
compared AS (
    SELECT old.*, new.area AS new_area, first_year, new.value AS taken
    FROM new
    JOIN old USING (stage, counting_unit, country, area_level)
    WHERE old.year = new.first_year AND old.years_on = 1 AND old.area <> new.area AND new.value >= {{least_count}}
        AND new.area NOT IN (SELECT CAST(area AS VARCHAR) FROM area_split)
)
SELECT stage, counting_unit, NULL AS iccs, area AS ref_area, CAST(first_year AS VARCHAR) AS time_period, NULL AS sex, NULL AS age,
    value AS found, expected,
    expected - value > {{times}} * deviation AND abs(expected - value - taken) <= {{near}} * taken AS failing,
    area || ' had ' || CAST(before AS BIGINT) || ' the year before, and has ' || CAST(value AS BIGINT) || ' in ' || first_year
        || ', in which ' || new_area || ' begins with ' || CAST(taken AS BIGINT) AS detail
FROM compared
