-- Grain: one row for each year of a series whose men and women differ enough to show an exchange, if enough areas have such
-- a series: in nearly all areas the shares of men and women in the year are those of the other sex in the other years.
-- One area may change; if all change at once, a column or a code was exchanged.
-- needs: sex, {{least_years}} years, {{least_areas}} areas
-- reads: annual
WITH by_sex AS (
    SELECT stage, counting_unit, iccs, ref_area, time_period, sum(value) FILTER (sex = 'M') AS men,
        sum(value) FILTER (sex = 'F') AS women, ln(men / women) AS balance
    FROM annual
    WHERE age = '_T' AND sex IN ('M', 'F')
    GROUP BY ALL
    HAVING count(value) = count(*) AND men >= {{least_count}} AND women >= {{least_count}}
),
placed AS (
    SELECT *, median(balance) OVER series AS usual, count(*) OVER series AS years
    FROM by_sex
    WINDOW series AS (PARTITION BY stage, counting_unit, iccs, ref_area)
),
figure AS (
    SELECT *, greatest(
            1.4826 * median(abs(balance - usual)) OVER (PARTITION BY stage, counting_unit, iccs, ref_area),
            sqrt(1 / men + 1 / women), 0.002
        ) AS deviation
    FROM placed
    WHERE years >= {{least_years}}
),
judged AS (
    SELECT *, abs(balance + usual) < {{near}} * deviation AND abs(balance - usual) > {{near}} * deviation AS is_exchanged
    FROM figure
    WHERE abs(2 * usual) >= 2 * {{near}} * deviation AND abs(2 / (1 + exp(-usual)) - 1) <= {{most}}
),
by_year AS (
    SELECT stage, counting_unit, time_period, avg(CAST(is_exchanged AS INTEGER)) AS share,
        count(DISTINCT ref_area) AS areas
    FROM judged
    GROUP BY ALL
    HAVING count(DISTINCT ref_area) >= {{least_areas}}
)
SELECT stage, counting_unit, iccs, ref_area, time_period, NULL AS sex, NULL AS age, men / (men + women) AS found,
    1 / (1 + exp(-usual)) AS expected, is_exchanged AND share >= {{least_share}} AS failing,
    'men: ' || round(100 * men / (men + women), 1) || ' %, usually ' || round(100 / (1 + exp(-usual)), 1)
        || ' %; the same in nearly all of ' || areas || ' areas' AS detail
FROM judged
JOIN by_year USING (stage, counting_unit, time_period)
