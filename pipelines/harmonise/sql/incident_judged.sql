-- Grain: one row for each combination of numbers of the tally, with their codes and what becomes of its incidents.
-- part of: harmonise/incident_disposed, harmonise/incident_links, harmonise/incident_mapped, harmonise/incident_conformed
judged AS (
    SELECT
        tally.*,
        {{value}} AS value,
        {{codes}},
        CASE
            WHEN exclusion > 0 THEN 'excluded'
            WHEN {{broken}} THEN 'rejected'
            WHEN {{conflict}} THEN 'rejected'
            WHEN code_span.out_of_scope IS NOT NULL THEN 'out_of_scope'
            ELSE 'used'
        END AS disposition,
        CASE WHEN exclusion > 0 THEN {{excluded}} ELSE 'out_of_scope_' || code_span.out_of_scope END AS rule,
        exclusion = 0 AND NOT ({{broken}}) AND {{conflict}} AS conflicts
    FROM tally
    {{joins}}
)
