-- Grain: one row for each year of an area in which enough categories have men and women: in how many of them one sex is less
-- than two fifths of what it usually is beside the other. One category may change; all of them at once have lost rows.
-- needs: sex, {{least_years}} years
-- reads: annual
WITH by_sex AS (
    SELECT stage, counting_unit, iccs, ref_area, time_period, sum(value) FILTER (sex = 'M') AS men,
        sum(value) FILTER (sex = 'F') AS women
    FROM annual
    WHERE age = '_T' AND sex IN ('M', 'F')
    GROUP BY ALL
    HAVING count(value) = count(*) AND men > 0 AND women > 0
),
placed AS (
    SELECT *, ln(women / men) AS balance, median(ln(women / men)) OVER series AS usual, median(women) OVER series AS usual_women,
        median(men) OVER series AS usual_men, count(*) OVER series AS years
    FROM by_sex
    WINDOW series AS (PARTITION BY stage, counting_unit, iccs, ref_area)
),
judged AS (
    SELECT stage, counting_unit, ref_area, time_period, 'F' AS sex, exp(balance - usual) AS times
    FROM placed
    WHERE usual_women >= {{least_count}} AND years >= {{least_years}}
    UNION ALL
    SELECT stage, counting_unit, ref_area, time_period, 'M', exp(usual - balance)
    FROM placed
    WHERE usual_men >= {{least_count}} AND years >= {{least_years}}
)
SELECT stage, counting_unit, NULL AS iccs, ref_area, time_period, sex, NULL AS age, median(times) AS found, 1 AS expected,
    count(*) FILTER (times <= {{least_ratio}}) >= {{least_share}} * count(*) AS failing,
    if(sex = 'F', 'women', 'men') || ' are ' || CAST(round(100 * median(times)) AS INTEGER) || ' % of their usual size relative to the other sex, in '
        || count(*) FILTER (times <= {{least_ratio}}) || ' of ' || count(*) || ' categories' AS detail
FROM judged
GROUP BY stage, counting_unit, ref_area, time_period, sex
HAVING count(*) >= {{least_categories}}
