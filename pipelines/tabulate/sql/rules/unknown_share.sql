-- Grain: one row for each annual figure that is split by the dimension and large enough to judge.
-- A source that has no column for it gives it, if at all, in the label of single categories: it is unknown in no other.
-- reads: annual
SELECT stage, counting_unit, iccs, ref_area, time_period, NULL AS sex, NULL AS age,
    coalesce(sum(value) FILTER ({{dimension}} = '_U'), 0) / sum(value) AS found, {{most}} AS expected,
    found > {{most}} AS failing,
    'unknown: ' || round(found * 100, 1) || ' % of ' || CAST(sum(value) AS BIGINT) AS detail,
    sum(value) AS size
FROM annual
WHERE {{dimension}} <> '_T' AND {{other}} = '_T' AND {{given}}
GROUP BY ALL
HAVING sum(value) >= {{least_count}} AND count(value) = count(*)
