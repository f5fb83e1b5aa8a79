-- Grain: one row for each total over sex (or age) that the file prints beside its parts: parts that are more than it.
-- Parts that are fewer leave a remainder of unknown code; more than the total contradict it.
-- needs: printed totals
-- reads: printed_total, core
SELECT stage, counting_unit, iccs, ref_area, time_period, NULL AS sex, NULL AS age, printed.value AS found,
    parts AS expected, parts > printed.value + {{tolerance}} AS failing,
    'the parts add up to ' || number_text(parts) || ', the printed total is ' || number_text(printed.value) AS detail
FROM (SELECT * FROM printed_total WHERE {{dimension}} = '_T' AND value IS NOT NULL) AS printed
JOIN (
    SELECT stage, counting_unit, iccs, national_code, ref_area, time_period{{others}}, sum(value) AS parts
    FROM core
    WHERE value IS NOT NULL
    GROUP BY ALL
) AS part USING (stage, counting_unit, iccs, national_code, ref_area, time_period{{others}})
