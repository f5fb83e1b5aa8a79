-- Grain: one row for each row of tally, which is a cell, or a combination of numbers with its incidents: what it counts,
-- its codes, and what becomes of it.
-- part of: harmonise/disposed, harmonise/linked, harmonise/mapped, harmonise/conformed
judged AS (
    SELECT
        tally.*,
        CAST({{value}} AS DOUBLE) AS value,
        {% for name, text in codes.items() %}
        {{text}} AS {{name}},
        {% endfor %}
        CASE
            WHEN exclusion > 0 THEN 'excluded'
            WHEN {{broken}} THEN 'rejected'
            WHEN {{conflict}} THEN 'rejected'
            WHEN code_span.out_of_scope IS NOT NULL THEN 'out_of_scope'
            ELSE 'used'
        END AS disposition,
        {% if excluded %}
        CASE exclusion {% for rule in excluded %}WHEN {{loop.index}} THEN {{rule}} {% endfor %}
            ELSE 'out_of_scope_' || code_span.out_of_scope END AS rule,
        {% else %}
        'out_of_scope_' || code_span.out_of_scope AS rule,
        {% endif %}
        exclusion = 0 AND NOT ({{broken}}) AND {{conflict}} AS conflicts
    FROM tally
    {{joins}}
)
