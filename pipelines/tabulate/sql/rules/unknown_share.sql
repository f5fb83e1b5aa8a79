-- Grain: one row for each figure of a year, quarter or month that is split by the dimension and large enough to judge.
-- Each is judged by its own share: a year whose sexes are known has months in which they are not, and the other way round.
-- A part without a figure says nothing of the others, but a figure of unknown code that is missing leaves the share open.
-- A source that has no column for it gives it, if at all, in the label of single categories: it is unknown in no other.
-- reads: cells
WITH part AS (
    SELECT stage, counting_unit, iccs, ref_area, time_period, {{sex}} AS sex, {{age}} AS age, value
    FROM cells
    WHERE {{given}} {{no_attributes}}
)
SELECT stage, counting_unit, iccs, ref_area, time_period, NULL AS sex, NULL AS age,
    coalesce(sum(value) FILTER ({{dimension}} = '_U'), 0) / sum(value) AS found, {{most}} AS expected,
    found > {{most}} AS failing,
    'unknown: ' || round(found * 100, 1) || ' % of ' || CAST(sum(value) AS BIGINT) AS detail,
    sum(value) AS size
FROM part
WHERE {{dimension}} <> '_T' AND {{other}} = '_T'
GROUP BY ALL
HAVING sum(value) >= {{least_count}} AND NOT bool_or({{dimension}} = '_U' AND value IS NULL)
