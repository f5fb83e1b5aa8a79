-- Grain: one row for each monthly series: a source, area, ICCS category, stage, counting unit and sex, over all ages and
-- attributes, with its last months as lists: of three years and more, up to the last month of the source. A month that is
-- not compared (a part not reported, an exceptional event) has no count. The population is that of the year. Persons
-- counted on a day are left out: they are not events, and the tests of months are about events.
-- reads: out.observation, out.source, population_group
WITH last_month AS (
    SELECT source, max(time_period) AS last_period
    FROM out.observation
    WHERE freq = 'M' AND value > 0  -- a month to come may be written as 0
    GROUP BY source
),
people AS (
    SELECT ref_area, time_period AS year, sex, population, population_caveats
    FROM population_group
    WHERE age = '_T' AND population > 0 AND NOT is_incomplete
    QUALIFY row_number() OVER (PARTITION BY ref_area, time_period, sex ORDER BY priority, source) = 1
),
recent AS (
    SELECT monthly.*, last_period,
        12 * CAST(left(time_period, 4) AS INTEGER) + CAST(right(time_period, 2) AS INTEGER) - 1 AS step,
        12 * CAST(left(last_period, 4) AS INTEGER) + CAST(right(last_period, 2) AS INTEGER) - 1 AS last_step
    FROM out.observation AS monthly
    JOIN last_month ON last_month.source = monthly.source
    LEFT JOIN (SELECT source, stocks FROM out.source) AS about ON about.source = monthly.source
    WHERE NOT coalesce(list_contains(string_split(about.stocks, ';'), concat(monthly.stage, ' ', monthly.counting_unit)), false)
        AND freq = 'M' AND age = '_T' AND sex NOT IN ('_U', '_Z') {{no_attributes}}
)
SELECT recent.source, any_value(vintage) AS vintage, recent.ref_area, any_value(area_level) AS area_level, iccs,
    arg_max(iccs_made_from, step) AS iccs_made_from, stage, counting_unit, recent.sex, any_value(last_step) AS last_step,
    list(step ORDER BY step) AS steps,
    list(CASE WHEN {{uncompared}} THEN NULL ELSE value END ORDER BY step) AS counts,
    list(population ORDER BY step) AS populations,
    list(obs_status ORDER BY step) AS statuses,
    list(caveats ORDER BY step) AS caveats,
    list(population_caveats ORDER BY step) AS population_caveats
FROM recent
LEFT JOIN people ON people.ref_area = recent.ref_area AND people.year = left(time_period, 4)
    AND people.sex = CASE WHEN recent.sex IN ('M', 'F') THEN recent.sex ELSE '_T' END
WHERE step > last_step - {{months}}
GROUP BY recent.source, recent.ref_area, iccs, stage, counting_unit, recent.sex
HAVING count(*) >= {{fewest_months}}
ORDER BY ALL
