-- What a printed total holds beyond its parts, where the line has all of them, each with a value, is of unknown sex, age ...
-- A line is along one dimension, or along several whose total is printed: what the parts of both lack is of unknown both.
-- Grain of what is added: one row for each such line.
-- reads: base, printed, {{tables}}
-- writes: base
INSERT INTO base BY NAME
WITH lacking AS (
    {{lacking}}
),
line AS (
    SELECT stage, counting_unit, iccs, national_code, ref_area, time_period{{others}},
        sum(value) AS added, min(present) AS fewest
    FROM base
    ANTI JOIN lacking USING (stage, counting_unit, iccs, national_code, ref_area, time_period{{others}})
    GROUP BY ALL
)
SELECT printed.* REPLACE ({{unknown}}, printed.value - added AS value)
FROM printed
JOIN line USING (stage, counting_unit, iccs, national_code, ref_area, time_period{{others}})
WHERE {{is_total}} AND fewest >= printed.present AND printed.value - added > {{rounding}}
