-- Grain: one row for each population source with rates above the limit of their category: how many, of which sources and
-- categories, with how many of its populations, and the highest of them. A wrong population makes all its rates impossible,
-- which is one fault. Below the level of countries, a few events among a few persons make any rate, so the limit is ten
-- times as high. A category without a limit of its own has more events in the year than there are persons.
-- reads: out.rate
WITH most(iccs, rate) AS (
    VALUES {{limits}}
),
impossible AS (
    SELECT source, iccs, population_source, ref_area, time_period, value, population, rate_per_100k,
        coalesce(most.rate, {{most_of_any}}) * CASE WHEN area_level = 'country' THEN 1 ELSE 10 END AS most_rate
    FROM out.rate
    LEFT JOIN most USING (iccs)
    WHERE sex = '_T' AND age = '_T' AND value >= {{least_count}} {{no_attributes}} AND rate_per_100k > most_rate
),
highest AS (
    SELECT *, row_number() OVER (PARTITION BY population_source ORDER BY rate_per_100k / most_rate DESC, source, iccs, ref_area, time_period) AS place
    FROM impossible
)
SELECT population_source, list(DISTINCT source ORDER BY source) AS sources,
    list(DISTINCT CAST(iccs AS VARCHAR) ORDER BY CAST(iccs AS VARCHAR)) AS categories, count(*) AS rates,
    count(DISTINCT (ref_area, time_period)) AS populations, any_value(iccs) FILTER (place = 1) AS iccs,
    any_value(ref_area) FILTER (place = 1) AS ref_area, any_value(time_period) FILTER (place = 1) AS time_period,
    any_value(rate_per_100k) FILTER (place = 1) AS rate_per_100k, any_value(value) FILTER (place = 1) AS value,
    any_value(population) FILTER (place = 1) AS population, any_value(most_rate) FILTER (place = 1) AS most_rate
FROM highest
GROUP BY population_source
ORDER BY population_source
