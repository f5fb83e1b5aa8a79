-- Grain: one row for each observation of a package that a request asks for, or for each series of them.
-- reads: the observations of one package, or what two packages differ in
SELECT {% if series %}DISTINCT {% endif %}{{columns}}
FROM {{cells}}
WHERE iccs IS NOT NULL AND {{conditions}}
{% if first %}
QUALIFY row_number() OVER (PARTITION BY {{key}} ORDER BY time_period) <= {{first}}
{% endif %}
{% if last %}
QUALIFY row_number() OVER (PARTITION BY {{key}} ORDER BY time_period DESC) <= {{last}}
{% endif %}
ORDER BY {{order}}
{% if window %}
{{window}}
{% endif %}
