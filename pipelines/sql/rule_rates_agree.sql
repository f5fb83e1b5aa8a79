-- Grain: one row for each printed rate with its count: against the rate made from the count and the population that the
-- other rates of the same area and year imply.
SELECT stage, counting_unit, iccs, ref_area, time_period, NULL AS sex, NULL AS age, rate AS found, rate_made AS expected,
    abs(rate - rate_made) > {{rounding}} + {{tolerance_share}} * greatest(rate, rate_made) AS failing,
    national_code || ': printed rate ' || rate || ', its count ' || CAST(count AS BIGINT) || ' and the population '
        || CAST(round(population) AS BIGINT) || ' behind the other rates give ' || round(rate_made, 2) AS detail,
    abs(ln((rate + {{rounding}}) / (rate_made + {{rounding}}))) AS size
FROM published_rate
