-- Grain: one row for each sampled unit that no rule leaves out: how often it occurs, and in how many forms.
-- reads: {{records}}
-- writes: sampled_unit
CREATE OR REPLACE TEMP TABLE sampled_unit AS
SELECT unit_key, any_value(_file) AS _file, min(_number) AS _number, count(*) AS records,
    count(DISTINCT [weight, stratum, psu, time_period{% for name in groups %}, {{name}}{% endfor %}{% if replicates %}, CAST(replicates AS VARCHAR){% endif %}]) AS forms,
    any_value(weight) AS weight_word, TRY_CAST(any_value(weight) AS DOUBLE) AS weight,
    any_value(stratum) AS stratum, any_value(psu) AS psu, any_value(time_period) AS time_period{% for name in groups %}, any_value({{name}}) AS {{name}}{% endfor %}{% if replicates %},
    any_value({% if factors %}list_transform(replicates, lambda one: one * TRY_CAST(weight AS DOUBLE)){% else %}replicates{% endif %}) AS replicates{% endif %}

FROM {{records}}
WHERE exclusion = 0
GROUP BY unit_key
