-- Grain: one row for each annual figure that is split by the dimension, with the year before it.
-- A source that has no column for it gives it, if at all, in the label of single categories: it is unknown in no other.
-- needs: {{dimension}}
-- reads: annual
WITH shares AS (
    SELECT stage, counting_unit, iccs, ref_area, time_period, year,
        coalesce(sum(value) FILTER ({{dimension}} = '_U'), 0) / sum(value) AS share, sum(value) AS total
    FROM annual
    WHERE {{dimension}} <> '_T' AND {{other}} = '_T' AND {{given}}
    GROUP BY ALL
    HAVING sum(value) >= {{least_count}} AND count(value) = count(*)
)
SELECT stage, counting_unit, iccs, ref_area, now.time_period, NULL AS sex, NULL AS age,
    now.share AS found, before.share AS expected, abs(now.share - before.share) > {{most}} AS failing,
    'unknown: ' || round(before.share * 100, 1) || ' % in ' || before.year || ', ' || round(now.share * 100, 1)
        || ' % in ' || now.year AS detail,
    now.total AS size
FROM shares AS now
JOIN shares AS before USING (stage, counting_unit, iccs, ref_area)
WHERE now.year = before.year + 1
