-- Grain: one row for each row of a layout, which is an incident or a cell, with its codes as numbers of the lists; NULL
-- or negative where a rule is broken. The smaller _1 and _2 lists of a dimension are joined to the label unchanged, and
-- where that finds nothing to the label without blanks around it. Of the file's columns only those needed are selected,
-- under names of ours: a label such as "period" would otherwise take the place of the period.
-- engines: duckdb, spark
SELECT
    {% for name, text in selected.items() %}
    {{text}} AS {{name}}{% if not loop.last %},{% endif %}
    {% endfor %}
FROM (
    SELECT
        {% for name, text in own.items() %}
        {{text}} AS {{name}}{% if not loop.last %},{% endif %}
        {% endfor %}
    FROM {{tidy}} AS tidy
) AS r
{{joins}}
