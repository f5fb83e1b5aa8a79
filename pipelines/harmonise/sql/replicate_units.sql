-- Grain: one row for each replicate and group of sampled units: how many they stand for by its weights.
-- reads: sampled_unit
-- writes: replicate_unit
CREATE OR REPLACE TEMP TABLE replicate_unit AS
SELECT time_period, replicate{% for name in groups %}, CASE WHEN grouping({{name}}) = 1 THEN {{all}} ELSE {{name}} END AS {{name}}{% endfor %}, sum(replicate_weight) AS units
FROM (SELECT *, unnest(replicates) AS replicate_weight, generate_subscripts(replicates, 1) AS replicate FROM sampled_unit)
GROUP BY GROUPING SETS ({% for set in sets %}(time_period, replicate{{set}}){% if not loop.last %}, {% endif %}{% endfor %})
