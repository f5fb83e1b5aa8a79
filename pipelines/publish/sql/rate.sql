-- Grain: one row for each annual observation. The population is that of the same area, year, sex and age, from the
-- source of highest priority that has it; for an age group it is the sum of groups that fill it exactly, or none.
-- Only a count of events has limits from chance alone: not one that is estimated (E) or has decimals, nor persons counted
-- on a day, of whom there are never too few events either.
-- An incomplete population is not used: the rate is on that of another source, or there is none.
-- A population after a break, or of another producer than the year before, breaks the series of its rates too.
-- reads: out.observation, out.population, out.age, population_group, poisson, stock
-- writes: out.rate
INSERT INTO out.rate BY NAME
WITH annual AS (
    SELECT *,
        -- A break outranks an estimate: the other years of the area and category say that it is one.
        obs_status = 'E' OR value <> round(value) OR coalesce(contains(caveats, 'unknown_allocated'), false) OR (obs_status = 'B' AND bool_or(obs_status = 'E') OVER (
            PARTITION BY source, stage, counting_unit, iccs, ref_area
        )) AS is_estimate
    FROM out.observation
    WHERE freq = 'A'
),
wanted AS (
    SELECT DISTINCT annual.ref_area, annual.time_period, annual.sex, annual.age,
        coalesce(lower_age, 0) AS lower_age, coalesce(upper_age, 200) AS upper_age
    FROM annual
    JOIN out.age ON age.code = annual.age
    WHERE annual.age NOT IN ('_U', '_Z') AND annual.sex NOT IN ('_U', '_Z')
),
-- All ages: the total as made once. An age group: groups inside it that cover each of its years.
found AS (
    SELECT wanted.ref_area, wanted.time_period, wanted.sex, wanted.age, groups.source, groups.vintage, groups.priority,
        any_value(groups.country_source) AS country_source, max(groups.backcast_years) AS backcast_years,
        sum(groups.population) AS population, bool_or(estimated) AS estimated, bool_or(broken) AS broken,
        string_agg(DISTINCT population_caveats, ';') AS population_caveats
    FROM wanted
    JOIN population_group AS groups
        ON NOT is_incomplete AND groups.ref_area = wanted.ref_area AND groups.time_period = wanted.time_period AND groups.sex = wanted.sex
        AND CASE WHEN wanted.age = '_T' THEN groups.age = '_T'
            ELSE groups.age <> '_T' AND groups.lower_age >= wanted.lower_age AND groups.upper_age <= wanted.upper_age END
    GROUP BY ALL
    HAVING wanted.age = '_T'
        OR sum(groups.upper_age - groups.lower_age + 1) = any_value(wanted.upper_age - wanted.lower_age + 1)
),
first_choice AS (
    FROM found
    QUALIFY row_number() OVER (PARTITION BY ref_area, time_period, sex, age ORDER BY priority, source) = 1
),
-- Two producers do not count the same population: from one to the next, the rates of a series break. A backcast has the
-- level of the country's population that it is a share of.
chosen AS (
    SELECT *, coalesce(country_source, source) <> lag(coalesce(country_source, source)) OVER (PARTITION BY ref_area, sex, age ORDER BY time_period) AS other_producer
    FROM first_choice
),
-- Parts and whole of two producers: a rate by sex or age is then of other people than the rate of all.
of_other_people AS (
    SELECT chosen.ref_area, chosen.time_period, chosen.sex, chosen.age
    FROM chosen
    JOIN chosen AS whole
        ON whole.ref_area = chosen.ref_area AND whole.time_period = chosen.time_period AND whole.sex = '_T' AND whole.age = '_T'
    JOIN out.population AS own
        ON own.source = chosen.source AND own.ref_area = chosen.ref_area AND own.time_period = chosen.time_period
        AND own.sex = '_T' AND own.age = '_T'
    WHERE chosen.source <> whole.source AND abs(own.population - whole.population) > {{most_difference}} * whole.population
),
denominator AS (
    SELECT chosen.* REPLACE (nullif(concat_ws(';', population_caveats,
        CASE WHEN of_other_people.age IS NOT NULL THEN 'population_of_parts_differs' END,
        CASE WHEN chosen.other_producer THEN 'population_source_changed' END), '') AS population_caveats)
    FROM chosen
    LEFT JOIN of_other_people USING (ref_area, time_period, sex, age)
),
incomplete AS (
    SELECT DISTINCT ref_area, time_period, sex FROM population_group WHERE is_incomplete
),
-- Few texts of caveats meet: putting them together once is far quicker than for each rate.
joined AS (
    SELECT own.caveats AS own, others.population_caveats, out.join_caveats(own.caveats, others.population_caveats) AS caveats
    FROM (SELECT DISTINCT caveats FROM annual) AS own
    CROSS JOIN (SELECT DISTINCT population_caveats FROM denominator WHERE population_caveats IS NOT NULL) AS others
)
SELECT
    annual.* EXCLUDE (freq, missing_reason, conf_status, is_estimate)
        REPLACE (
            CASE WHEN annual.value IS NOT NULL AND (chosen.other_producer OR chosen.broken) THEN 'B'
                WHEN chosen.estimated THEN out.weaker_status('E', annual.obs_status) ELSE annual.obs_status END AS obs_status,
            CASE WHEN chosen.population_caveats IS NULL THEN annual.caveats ELSE joined.caveats END AS caveats
        ),
    annual.value < {{few}} AND stock.source IS NULL AS few_events,
    chosen.population,
    chosen.source AS population_source,
    chosen.vintage AS population_vintage,
    chosen.backcast_years,
    annual.value / nullif(chosen.population, 0) * 100000 AS rate_per_100k,
    poisson.low / nullif(chosen.population, 0) * 100000 AS ci_low,
    poisson.high / nullif(chosen.population, 0) * 100000 AS ci_high,
    annual.at_least / nullif(chosen.population, 0) * 100000 AS rate_at_least,
    annual.at_most / nullif(chosen.population, 0) * 100000 AS rate_at_most,
    CASE
        WHEN annual.missing_reason = 'suppressed' THEN 'suppressed'
        WHEN annual.value IS NULL THEN 'value_missing'
        WHEN annual.sex IN ('_U', '_Z') THEN 'sex_unknown'
        WHEN annual.age IN ('_U', '_Z') THEN 'age_unknown'
        WHEN chosen.population = 0 THEN 'zero_population'
        WHEN chosen.population IS NULL AND incomplete.sex IS NOT NULL THEN 'population_incomplete'
        WHEN chosen.population IS NULL AND annual.age <> '_T' THEN 'no_population_for_age'
        WHEN chosen.population IS NULL THEN 'no_population'
    END AS no_rate_reason
FROM annual
-- No population here is known by citizenship.
LEFT JOIN denominator AS chosen ON annual.citizenship = '_T' AND chosen.ref_area = annual.ref_area
    AND chosen.time_period = annual.time_period AND chosen.sex = annual.sex AND chosen.age = annual.age
LEFT JOIN incomplete ON annual.citizenship = '_T' AND incomplete.ref_area = annual.ref_area
    AND incomplete.time_period = annual.time_period AND incomplete.sex = annual.sex
LEFT JOIN joined ON joined.population_caveats = chosen.population_caveats AND joined.own IS NOT DISTINCT FROM annual.caveats
LEFT JOIN stock ON stock.source = annual.source AND stock.stage = annual.stage
    AND stock.counting_unit = annual.counting_unit
LEFT JOIN poisson ON poisson.value = annual.value AND NOT annual.is_estimate AND stock.source IS NULL
