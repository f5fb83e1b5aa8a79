-- Grain: one row for each country, category and month, up to the last 48 of the source, of the most preferred monthly series
-- of a source that is shown; with what the past makes expected where the month was tested, and what it will come to.
-- reads: out.observation, out.series, out.alert, out.nowcast
WITH monthly AS (
    SELECT cell.source, cell.ref_area, cell.iccs, cell.stage, cell.counting_unit, cell.sex, cell.time_period, cell.value,
        cell.obs_status, cell.missing_reason, cell.caveats, NOT {{uncompared}} AS is_compared,
        coalesce(preference, 1000000) AS preference,  -- a series without a whole year comes last
        12 * CAST(left(cell.time_period, 4) AS INTEGER) + CAST(right(cell.time_period, 2) AS INTEGER) - 1 AS step,
        -- A month to come may be written as 0.
        max(time_period) FILTER (cell.value > 0) OVER (PARTITION BY cell.source) AS last_period
    FROM out.observation AS cell
    LEFT JOIN out.series AS series USING (source, ref_area, iccs, stage, counting_unit, sex, age)
    WHERE freq = 'M' AND cell.area_level = 'country' AND cell.sex = '_T' AND cell.age = '_T' {{no_attributes}}
        AND NOT list_contains({{withheld}}, cell.source)
),
chosen AS (
    SELECT *
    FROM monthly
    QUALIFY (preference, source, stage, counting_unit)
        = min((preference, source, stage, counting_unit)) OVER (PARTITION BY ref_area, iccs)
)
SELECT chosen.* EXCLUDE (last_period, preference), alert.count_expected, alert.count_upper, alert.is_alert,
    nowcast.nowcast, nowcast.nowcast_low, nowcast.nowcast_high
FROM chosen
LEFT JOIN out.alert AS alert USING (source, ref_area, iccs, stage, counting_unit, sex, time_period)
LEFT JOIN out.nowcast AS nowcast USING (source, ref_area, iccs, stage, counting_unit, sex, time_period)
WHERE time_period <= last_period
    AND step > 12 * CAST(left(last_period, 4) AS INTEGER) + CAST(right(last_period, 2) AS INTEGER) - 1 - 48
ORDER BY ref_area, iccs, time_period
