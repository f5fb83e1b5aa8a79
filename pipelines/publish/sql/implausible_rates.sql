-- Grain: one row for each population source with rates above the limit of their category: how many, of which sources and
-- categories, by how many of its populations, and the highest of them. A population that is wrong makes all rates by it
-- impossible: that is one fault. Below countries a few events in a few persons make any rate: there the limit is ten times
-- as high. Of a category without a limit of its own, there are more events in the year than persons.
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
