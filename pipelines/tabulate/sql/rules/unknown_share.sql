-- Grain: one row for each figure of a year, quarter or month that is split by the dimension and large enough to judge.
-- Each is judged by its own share: a year whose sexes are known has months in which they are not, and the other way round.
-- Where a part has no figure the share is one of the total, if that has one; a figure of unknown code that is missing leaves
-- the share open.
-- A source that has no column for it gives it, if at all, in the label of single categories: it is unknown in no other.
-- needs: {{dimension}}
-- reads: cells
WITH part AS (
    SELECT stage, counting_unit, iccs, ref_area, time_period, {{sex}} AS sex, {{age}} AS age, value
    FROM cells
    WHERE {{given}} {{no_attributes}}
),
line AS (
    SELECT stage, counting_unit, iccs, ref_area, time_period,
        coalesce(sum(value) FILTER ({{dimension}} = '_U'), 0) AS unknown,
        CASE WHEN bool_and(value IS NOT NULL) FILTER ({{dimension}} <> '_T') THEN sum(value) FILTER ({{dimension}} <> '_T')
            ELSE max(value) FILTER ({{dimension}} = '_T') END AS whole
    FROM part
    WHERE {{other}} = '_T'
    GROUP BY ALL
    HAVING bool_or({{dimension}} <> '_T') AND NOT bool_or({{dimension}} = '_U' AND value IS NULL)
)
SELECT stage, counting_unit, iccs, ref_area, time_period, NULL AS sex, NULL AS age, unknown / whole AS found,
    {{most}} AS expected, found > {{most}} AS failing,
    'unknown: ' || round(found * 100, 1) || ' % of ' || CAST(whole AS BIGINT) AS detail, whole AS size
FROM line
WHERE whole >= {{least_count}}
