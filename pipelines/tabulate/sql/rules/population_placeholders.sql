-- Grain: one row for each area and year of a population, whether its figure stands for an unknown one: nothing but nines,
-- nobody or one person where others have thousands, or to the person the figure of other areas. What an area had before
-- it was settled, or made, may be zero.
-- reads: series, core
WITH nines AS (
    SELECT stage, counting_unit, CAST(ref_area AS VARCHAR) AS ref_area, left(CAST(time_period AS VARCHAR), 4) AS time_period, value,
        count(DISTINCT ref_area) OVER (PARTITION BY stage, counting_unit, left(CAST(time_period AS VARCHAR), 4), value) AS areas
    FROM core
    WHERE value IN (99999, 999999, 9999999, 99999999, 999999999, 99999000, 9999000, 999999000)
),
marked AS (
    SELECT stage, counting_unit, ref_area, time_period, max(value) AS value, max(areas) AS areas
    FROM nines
    WHERE areas >= 2 OR value IN (999999, 9999999, 99999999, 999999999)
    GROUP BY ALL
),
figure AS (
    SELECT stage, counting_unit, CAST(ref_area AS VARCHAR) AS ref_area, area_level, time_period, year, value,
        count(*) OVER (PARTITION BY stage, counting_unit, area_level, time_period, value) AS alike,
        median(value) OVER (PARTITION BY stage, counting_unit, area_level, time_period) AS middle,
        min(year) FILTER (value > 1) OVER place AS settled, count(*) OVER place AS years
    FROM series
    WHERE value IS NOT NULL
    WINDOW place AS (PARTITION BY stage, counting_unit, ref_area)
),
doubted AS (
    SELECT *, value <= 1 AND middle >= {{least_middle}} AND (settled < year OR (settled IS NULL AND years = 1 AND alike >= 2)) AS is_nobody,
        value >= {{least_alike}} AND value % 1000 <> 0 AND alike >= {{areas_alike}} AS is_of_others
    FROM figure
)
SELECT doubted.stage, doubted.counting_unit, NULL AS iccs, doubted.ref_area, doubted.time_period, NULL AS sex, NULL AS age,
    coalesce(marked.value, doubted.value) AS found, NULL AS expected,
    marked.value IS NOT NULL OR is_nobody OR is_of_others AS failing,
    CASE WHEN marked.value IS NOT NULL THEN number_text(marked.value) || ', in ' || marked.areas || ' area' || IF(marked.areas = 1, '', 's')
        WHEN is_nobody THEN number_text(doubted.value) || ' persons, the median of the areas is ' || number_text(middle)
        ELSE number_text(doubted.value) || ', in ' || alike || ' areas' END AS detail
FROM doubted
LEFT JOIN marked USING (stage, counting_unit, ref_area, time_period)
