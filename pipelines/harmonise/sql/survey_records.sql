-- Grain: one row for each record of the files of one layout, after its reshape; the rule that leaves it out is 0 for none.
-- reads: raw records of the layout
-- writes: {{name}}
CREATE OR REPLACE TEMP TABLE {{name}} AS
SELECT CAST(_file AS VARCHAR) AS _file, CAST(_number AS BIGINT) AS _number, {{exclusion}} AS exclusion,
    [{{key}}] AS unit_key{% for name, text in texts.items() %}, trim(coalesce(CAST({{text}} AS VARCHAR), '')) AS {{name}}{% endfor %}{% if replicates %},
    [{% for column in replicates %}TRY_CAST(trim(CAST({{column}} AS VARCHAR)) AS DOUBLE){% if not loop.last %}, {% endif %}{% endfor %}] AS replicates{% endif %}

FROM ({{tidy}}) AS tidy
