-- Grain: one row for each row that breaks a rule, with its faults: rule, column, label, period.
-- engines: duckdb
SELECT {{selected}}, list_filter([
    {% for one in faults %}
    CASE WHEN {{one.condition}} THEN {
        'rule': {{one.rule}}, 'column_name': {{one.column}}, 'bad_value': {{one.shown}}, 'period': {{period}}
    } END{% if not loop.last %},{% endif %}
    {% endfor %}
], lambda one: one IS NOT NULL) AS faults
FROM {{numbered}} AS numbered
{{joins}}
WHERE exclusion = 0 AND ({% for one in faults %}coalesce({{one.condition}}, FALSE){% if not loop.last %} OR {% endif %}{% endfor %})
