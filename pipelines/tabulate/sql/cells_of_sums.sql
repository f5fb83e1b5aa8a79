-- Grain: one row for each row of sums: it as a cell, or why it has no value. A row of sums has lowest and highest, the
-- statuses of what it rests on; lacks_periods and lacks_parts, whether it lacks any; and completeness, what share it has.
-- part of: tabulate/aggregate, tabulate/aggregate_events
SELECT
    ref_area, area_level, time_period, {{freq}} AS freq, iccs, made.children AS iccs_made_from, stage,
    counting_unit{{dimensions}}{{not_broken_down}},
    -- Shares of split counts add up to other last digits in another order: they end where no share has digits.
    CASE WHEN NOT lacks_periods AND NOT lacks_parts THEN round(value, 6) END AS value,
    CASE
        WHEN lacks_periods THEN 'O'
        WHEN lacks_parts AND lowest = highest AND lowest IN ('L', 'M', 'Q') THEN lowest
        WHEN lacks_parts THEN 'O'
        ELSE highest  -- the type has the statuses by rank: of those that the sum rests on, the weakest
    END AS obs_status,
    CASE
        WHEN lacks_periods THEN 'incomplete'
        WHEN NOT lacks_parts THEN NULL
        WHEN lowest = highest AND lowest = 'L' THEN 'not_collected'
        WHEN lowest = highest AND lowest = 'M' THEN 'not_applicable'
        WHEN lowest = highest AND lowest = 'Q' THEN 'suppressed'
        WHEN value IS NULL THEN 'not_reported'
        ELSE 'incomplete'
    END AS missing_reason,
    -- What lacks a count that its source hides is no more free than that count.
    CASE WHEN lacks_parts AND 'Q' IN (lowest, highest) THEN 'C' ELSE 'F' END AS conf_status,
    completeness
FROM sums
LEFT JOIN country_of_any USING (ref_area)
LEFT JOIN (FROM made_from WHERE measure = {{measure}}) AS made
    USING (country, stage, counting_unit, iccs, time_period)
