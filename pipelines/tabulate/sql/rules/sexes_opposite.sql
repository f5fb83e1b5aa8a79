-- Grain: one row for each category of an area with enough men and women in all years together, if enough areas of its level
-- have them: the shares of men and women are those of the other sex in the other areas, and far from their own.
-- needs: sex, {{least_areas}} areas
-- reads: annual
WITH by_sex AS (
    SELECT stage, counting_unit, iccs, ref_area, area_level, sum(value) FILTER (sex = 'M') AS men,
        sum(value) FILTER (sex = 'F') AS women, ln(men / women) AS balance
    FROM annual
    WHERE age = '_T' AND sex IN ('M', 'F')
    GROUP BY ALL
    HAVING men >= {{least_count}} AND women >= {{least_count}}
),
placed AS (
    SELECT *, median(balance) OVER level AS usual, count(*) OVER level AS areas
    FROM by_sex
    WINDOW level AS (PARTITION BY stage, counting_unit, iccs, area_level)
),
judged AS (
    SELECT *, greatest(
            1.4826 * median(abs(balance - usual)) OVER (PARTITION BY stage, counting_unit, iccs, area_level),
            sqrt(1 / men + 1 / women), 0.05
        ) AS deviation
    FROM placed
    WHERE areas >= {{least_areas}}
)
SELECT stage, counting_unit, iccs, ref_area, NULL AS time_period, NULL AS sex, NULL AS age, men / (men + women) AS found,
    1 / (1 + exp(-usual)) AS expected,
    abs(balance + usual) < {{near}} * deviation AND abs(balance - usual) > 2 * {{near}} * deviation AS failing,
    'men: ' || round(100 * men / (men + women), 1) || ' %, in most of the ' || areas || ' areas '
        || round(100 / (1 + exp(-usual)), 1) || ' %' AS detail
FROM judged
WHERE abs(usual) >= {{near}} * deviation
