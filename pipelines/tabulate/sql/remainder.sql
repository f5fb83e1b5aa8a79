-- What a printed total holds beyond its parts, where the line has all of them, each with a value, is of unknown sex, age ...
-- Grain of what is added: one row for each such line along a dimension.
-- reads: base, printed, {{table}}
-- writes: base
INSERT INTO base BY NAME
WITH line AS (
    SELECT stage, counting_unit, iccs, national_code, ref_area, time_period{{others}},
        sum(value) AS added, min(present) AS fewest, any_value(value IS NULL) AS any_missing
    FROM base
    ANTI JOIN {{table}} USING (stage, counting_unit, iccs, national_code, ref_area, time_period{{others}})
    GROUP BY ALL
)
SELECT printed.* REPLACE (CAST('_U' AS {{dimension}}_code) AS {{dimension}}, printed.value - added AS value)
FROM printed
JOIN line USING (stage, counting_unit, iccs, national_code, ref_area, time_period{{others}})
WHERE printed.{{dimension}} = {{total}} AND fewest >= printed.present AND printed.value - added > {{rounding}}
