-- Grain: one row for each printed rate that has its count: against the range of rates that the count and the population behind
-- the other rates give (see harmonise/published_rates). A rate above zero of no count is wrong whatever the population.
-- needs: printed rates
-- reads: published_rate
SELECT stage, counting_unit, iccs, ref_area, time_period, NULL AS sex, NULL AS age, rate AS found, rate_made AS expected,
    CASE
        WHEN rate_made IS NULL THEN rate > rounding
        ELSE greatest(rate_low - rate, rate - rate_high) > greatest(rate, rate_made)
            * CASE WHEN between_years THEN {{tolerance_share_years}} ELSE {{tolerance_share}} END
    END AS failing,
    national_code || ': printed rate ' || number_text(rate) || ', its count ' || CAST(count AS BIGINT) || coalesce(' and the population '
        || CAST(round(count / nullif(rate_made, 0) * per) AS BIGINT) || ' implied by the other rates'
        || CASE WHEN between_years THEN ' (of other years)' ELSE '' END || ' gives ' || round(rate_made, 2), '') AS detail,
    abs(ln((rate + rounding) / (coalesce(rate_made, 0) + rounding))) AS size
FROM published_rate
WHERE rate_made IS NOT NULL OR count = 0
