-- Grain: one row for each year of a series up the ICCS tree, with the year before that has a figure: were the totals made
-- from the same children?
-- needs: 2 years
-- reads: cells
WITH made AS (
    SELECT stage, counting_unit, iccs, ref_area, time_period, value, coalesce(iccs_made_from, '=') AS children
    FROM cells
    WHERE freq = 'A' AND value IS NOT NULL AND {{sex}} = '_T' AND {{age}} = '_T' {{no_attributes}}
),
changes AS (
    SELECT *, lag(children) OVER years AS before, CAST(lag(time_period) OVER years AS VARCHAR)::INTEGER AS year_before
    FROM made
    WINDOW years AS (PARTITION BY stage, counting_unit, iccs, ref_area ORDER BY time_period)
)
SELECT stage, counting_unit, iccs, ref_area, time_period, NULL AS sex, NULL AS age, value AS found, NULL AS expected,
    children <> before AND NOT ({{breaks_between}}) AS failing,
    'made from ' || before || ' in ' || year_before || ', from ' || children || ' in ' || time_period AS detail,
    value AS size
FROM (SELECT *, CAST(left(CAST(time_period AS VARCHAR), 4) AS INTEGER) AS year FROM changes)
WHERE before IS NOT NULL
