-- Grain: one row for the last year of what is counted, if earlier years can be compared: nearly all series of several
-- chapters of the ICCS fall together, by nearly a fifth at least, as they never did before. Crime of one kind may fall so
-- fast; all kinds in all areas at once do where months are missing. In 2020 they did because people stayed at home.
-- needs: {{least_years}} years, {{least_areas}} areas
-- reads: series
WITH changed AS (
    SELECT stage, counting_unit, iccs, ref_area, year, value / lag(value) OVER one AS ratio
    FROM series
    WHERE area_level <> 'country' AND value IS NOT NULL
    WINDOW one AS (PARTITION BY stage, counting_unit, iccs, ref_area ORDER BY year)
    QUALIFY lag(value) OVER one >= {{least_count}} AND lag(year) OVER one = year - 1
),
by_year AS (
    SELECT stage, counting_unit, year, median(ratio) AS middle, count(*) AS figures,
        avg(CAST(ratio <= {{fallen}} AS INTEGER)) AS share
    FROM changed
    GROUP BY ALL
    HAVING count(DISTINCT ref_area) >= {{least_areas}} AND count(DISTINCT left(iccs, 2)) >= {{least_chapters}}
),
compared AS (
    SELECT *, max(share) OVER before AS most_before, count(*) OVER before AS years_before
    FROM by_year
    WINDOW before AS (
        PARTITION BY stage, counting_unit ORDER BY year ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    )
    QUALIFY year = max(year) OVER (PARTITION BY stage, counting_unit)
)
SELECT stage, counting_unit, NULL AS iccs, NULL AS ref_area, CAST(year AS VARCHAR) AS time_period, NULL AS sex, NULL AS age,
    middle AS found, 1 AS expected,
    year <> 2020 AND share >= {{least_share}} AND middle <= {{most}} AND most_before < {{least_share}} AS failing,
    CAST(round(100 * share) AS INTEGER) || ' % of ' || figures || ' series fall by a tenth or more, half of them to '
        || CAST(round(100 * middle) AS INTEGER) || ' % or less of the year before; in no earlier year more than '
        || CAST(round(100 * most_before) AS INTEGER) || ' %' AS detail
FROM compared
WHERE years_before >= {{least_years}} - 2
