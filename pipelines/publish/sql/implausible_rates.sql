-- Grain: one row for each source, category and population source with rates above the limit of the category: how many, and
-- the highest of them. Below countries a few events in a few persons make any rate: there the limit is ten times as high.
-- reads: out.rate
WITH most(iccs, rate) AS (
    VALUES {{limits}}
),
judged AS (
    SELECT source, iccs, population_source, ref_area, time_period, value, population, rate_per_100k,
        rate * CASE WHEN area_level = 'country' THEN 1 ELSE 10 END AS most_rate
    FROM out.rate
    JOIN most USING (iccs)
    WHERE sex = '_T' AND age = '_T' AND value >= {{least_count}} {{no_attributes}}
)
SELECT source, iccs, population_source, count(*) AS rates, arg_max(ref_area, (rate_per_100k, time_period)) AS ref_area,
    arg_max(time_period, (rate_per_100k, time_period)) AS time_period, max(rate_per_100k) AS rate_per_100k,
    arg_max(value, (rate_per_100k, time_period)) AS value, arg_max(population, (rate_per_100k, time_period)) AS population,
    arg_max(most_rate, (rate_per_100k, time_period)) AS most_rate
FROM judged
WHERE rate_per_100k > most_rate
GROUP BY source, iccs, population_source
ORDER BY source, iccs, population_source
