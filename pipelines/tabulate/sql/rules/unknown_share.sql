-- Grain: one row for each annual figure that is split by the dimension and large enough to judge.
-- reads: annual
SELECT stage, counting_unit, iccs, ref_area, time_period, NULL AS sex, NULL AS age,
    coalesce(sum(value) FILTER ({{dimension}} = '_U'), 0) / sum(value) AS found, {{most}} AS expected,
    found > {{most}} AS failing,
    'unknown: ' || round(found * 100, 1) || ' % of ' || CAST(sum(value) AS BIGINT) AS detail,
    sum(value) AS size
FROM annual
WHERE {{dimension}} <> '_T' AND {{other}} = '_T'
GROUP BY ALL
HAVING sum(value) >= {{least_count}} AND count(value) = count(*)
