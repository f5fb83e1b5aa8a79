-- Grain: one row for each primary sampling unit and group of sampled units: how many they stand for, and how many they are.
-- reads: sampled_unit
-- writes: psu_units
CREATE OR REPLACE TEMP TABLE psu_units AS
SELECT time_period, stratum, psu{% for name in groups %}, CASE WHEN grouping({{name}}) = 1 THEN {{all}} ELSE {{name}} END AS {{name}}{% endfor %},
    sum(weight) AS units, count(*) AS sampled
FROM sampled_unit
GROUP BY GROUPING SETS ({% for set in sets %}(time_period, stratum, psu{{set}}){% if not loop.last %}, {% endif %}{% endfor %})
