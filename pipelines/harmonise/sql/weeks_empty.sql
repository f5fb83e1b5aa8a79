-- Grain: one row for each area with incidents, and country of such areas, and month whose first or last seven days have no
-- incident where the other days of the month would make so many expected that none is no chance. Files whose dates have no
-- true day (always the first, always the fifteenth) have hardly any in these weeks throughout, and are not judged.
-- reads: area_seen, period_seen, tally_part
-- writes: week_empty
CREATE OR REPLACE TEMP TABLE week_empty AS
WITH of_areas AS (
    SELECT CAST(area.ref_area AS VARCHAR) AS ref_area, CAST(seen.time_period AS VARCHAR) AS time_period,
        sum(records) AS records, sum(first_week) AS first_week, sum(last_week) AS last_week
    FROM tally_part
    JOIN area_seen AS area ON area.id = tally_part.ref_area_id
    JOIN period_seen AS seen ON seen.period = tally_part.period
    WHERE exclusion = 0
    GROUP BY ALL
),
months AS (
    FROM of_areas
    UNION ALL BY NAME
    SELECT left(ref_area, 2) AS ref_area, time_period, sum(records) AS records, sum(first_week) AS first_week,
        sum(last_week) AS last_week
    FROM of_areas
    WHERE length(ref_area) > 2
    GROUP BY ALL
),
usual AS (
    SELECT sum(first_week) / sum(records) AS first_share, sum(last_week) / sum(records) AS last_share FROM of_areas
),
ends AS (
    SELECT ref_area, time_period, records, unnest([
        {'end': 'first', 'found': first_week, 'usual': first_share}, {'end': 'last', 'found': last_week, 'usual': last_share}
    ], recursive := true), 7 * records / (day(last_day(CAST(time_period || '-01' AS DATE))) - 7) AS expected
    FROM months
    CROSS JOIN usual
)
SELECT ref_area, time_period,
    'none in the ' || string_agg("end", ' and the ' ORDER BY "end") || ' seven days, and '
        || CAST(any_value(records) AS BIGINT) || ' in the others of the month' AS detail
FROM ends
WHERE found = 0 AND expected >= {{least_expected}} AND usual >= {{least_usual}}
GROUP BY ref_area, time_period
