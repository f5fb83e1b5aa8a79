-- Grain: one row for each primary sampling unit, group of sampled units and national code: weighted events, weighted units
-- that experienced any, and the records behind both.
-- reads: sampled_unit, survey_event
-- writes: psu_events
CREATE OR REPLACE TEMP TABLE psu_events AS
WITH of_unit AS (
    SELECT unit.time_period, unit.stratum, unit.psu{% for name in groups %}, unit.{{name}}{% endfor %}, event.national_code,
        any_value(unit.weight) AS weight, sum(event.times * event.weight) AS events,
        count(*) FILTER (event.times > 0) AS records
    FROM survey_event AS event
    JOIN sampled_unit AS unit ON unit.unit_key = event.unit_key
    GROUP BY unit.unit_key, unit.time_period, unit.stratum, unit.psu{% for name in groups %}, unit.{{name}}{% endfor %}, event.national_code
)
SELECT time_period, stratum, psu{% for name in groups %}, CASE WHEN grouping({{name}}) = 1 THEN {{all}} ELSE {{name}} END AS {{name}}{% endfor %}, national_code,
    sum(events) AS events, sum(records)::BIGINT AS records,
    coalesce(sum(weight) FILTER (records > 0), 0) AS struck, count(*) FILTER (records > 0) AS struck_sampled
FROM of_unit
GROUP BY GROUPING SETS ({% for set in sets %}(time_period, stratum, psu{{set}}, national_code){% if not loop.last %}, {% endif %}{% endfor %})
