-- Grain: one row for each replicate, group of sampled units and national code: events, and units that experienced any, by its
-- weights; the weight of an event of its own changes as that of its unit.
-- reads: sampled_unit, survey_event
-- writes: replicate_event
CREATE OR REPLACE TEMP TABLE replicate_event AS
WITH of_unit AS (
    SELECT unit.time_period{% for name in groups %}, unit.{{name}}{% endfor %}, event.national_code, any_value(unit.weight) AS weight,
        any_value(unit.replicates) AS replicates, sum(event.times * event.weight) AS events,
        count(*) FILTER (event.times > 0) AS records
    FROM survey_event AS event
    JOIN sampled_unit AS unit ON unit.unit_key = event.unit_key
    GROUP BY unit.unit_key, unit.time_period{% for name in groups %}, unit.{{name}}{% endfor %}, event.national_code
)
SELECT time_period, replicate{% for name in groups %}, CASE WHEN grouping({{name}}) = 1 THEN {{all}} ELSE {{name}} END AS {{name}}{% endfor %}, national_code,
    sum(events * replicate_weight / weight) AS events, coalesce(sum(replicate_weight) FILTER (records > 0), 0) AS struck
FROM (SELECT *, unnest(replicates) AS replicate_weight, generate_subscripts(replicates, 1) AS replicate FROM of_unit)
GROUP BY GROUPING SETS ({% for set in sets %}(time_period, replicate{{set}}, national_code){% if not loop.last %}, {% endif %}{% endfor %})
