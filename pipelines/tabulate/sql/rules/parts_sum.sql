-- Grain: one row for each set of cells that differ only in the dimension, where both the total and parts are published.
-- needs: {{dimension}}
-- reads: cells
SELECT stage, counting_unit, iccs, ref_area, time_period, {{kept_sex}} AS sex, {{kept_age}} AS age,
    sum(value) FILTER ({{dimension}} <> '_T') AS found,
    sum(value) FILTER ({{dimension}} = '_T') AS expected,
    abs(found - expected) > {{tolerance}} AS failing,
    CASE WHEN failing THEN 'the parts by {{dimension}} add up to ' || number_text(found) || ', the total is ' || number_text(expected) END AS detail
FROM cells
GROUP BY freq, stage, counting_unit, iccs, ref_area, time_period {{others}}
HAVING count(*) FILTER ({{dimension}} <> '_T') > 0 AND count(*) FILTER ({{dimension}} = '_T') > 0
    AND count(value) = count(*)
