-- Grain: one row for each annual figure of a series that is split by the dimension in at least one year.
-- A source that has no column for it gives it, if at all, in the label of single categories: it is unknown in no other.
-- needs: {{dimension}}
-- reads: annual
WITH shares AS (
    SELECT stage, counting_unit, iccs, ref_area, time_period,
        sum(value) FILTER ({{dimension}} = '_T') AS total,
        coalesce(sum(value) FILTER ({{dimension}} NOT IN ('_T', '_U', '_Z')), 0) / nullif(total, 0) AS known
    FROM annual
    WHERE {{other}} = '_T' AND {{given}}
    GROUP BY ALL
)
SELECT stage, counting_unit, iccs, ref_area, time_period, NULL AS sex, NULL AS age,
    known AS found, max(known) OVER series AS expected,
    known <= {{most_known}} AS failing,
    'known for ' || round(known * 100, 1) || ' % here, for ' || round(max(known) OVER series * 100, 1) || ' % in the best year'
        AS detail,
    total AS size
FROM shares
WHERE total >= {{least_count}}
WINDOW series AS (PARTITION BY stage, counting_unit, iccs, ref_area)
QUALIFY max(known) OVER series >= {{usual_known}}
