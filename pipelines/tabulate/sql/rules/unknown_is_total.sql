-- Grain: one row for each category whose file divides its counts by sex (or age) and has some of unknown sex (or age): in
-- how many areas and periods the unknown equal the sum of all others, as a total does (nearly: a printed total may be
-- rounded, or include what the parts do not show).
-- needs: {{dimension}}
-- reads: core
WITH line AS (
    SELECT stage, counting_unit, iccs, national_code, ref_area, time_period,
        sum(value) FILTER ({{dimension}} = '_U') AS unknown,
        sum(value) FILTER ({{dimension}} NOT IN ('_U', '_T')) AS known
    FROM core
    GROUP BY ALL
    HAVING unknown > 0 AND known > 0
),
judged AS (
    SELECT *, abs(unknown - known) <= {{tolerance}} * known AS is_total FROM line
)
SELECT stage, counting_unit, iccs, NULL AS ref_area, NULL AS time_period, NULL AS sex, NULL AS age,
    avg(CAST(is_total AS INTEGER)) AS found, {{least_share}} AS expected, found >= {{least_share}} AS failing,
    'the figure of unknown {{dimension}} equals that of all others together in ' || count(*) FILTER (is_total) || ' of '
        || count(*) || ' figures, such as ' || number_text(any_value(unknown) FILTER (is_total)) AS detail
FROM judged
GROUP BY ALL
HAVING count(*) >= {{least_checked}} AND sum(known) >= {{least_count}}
