-- Grain: one row for each printed rate with its count: against the rate made from the count and the population that the
-- other rates of the same area and year imply. A rate above zero of no count is wrong whatever the population.
-- reads: published_rate
SELECT stage, counting_unit, iccs, ref_area, time_period, NULL AS sex, NULL AS age, rate AS found, rate_made AS expected,
    coalesce(abs(rate - rate_made) > {{rounding}} + {{tolerance_share}} * greatest(rate, rate_made), rate > {{rounding}})
        AS failing,
    national_code || ': printed rate ' || rate || ', its count ' || CAST(count AS BIGINT) || coalesce(' and the population '
        || CAST(round(population) AS BIGINT) || ' implied by the other rates gives ' || round(rate_made, 2), '') AS detail,
    abs(ln((rate + {{rounding}}) / (coalesce(rate_made, 0) + {{rounding}}))) AS size
FROM published_rate
WHERE rate_made IS NOT NULL OR count = 0
