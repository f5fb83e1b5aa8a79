-- Grain: one row for each record of what was experienced that no rule leaves out, with the weight of its own or of its unit.
-- reads: {{records}}, sampled_unit
-- writes: survey_event
CREATE OR REPLACE TEMP TABLE survey_event AS
SELECT event._file, event._number, event.unit_key, unit.unit_key IS NOT NULL AS is_sampled, event.national_code,
    event.times AS times_word, TRY_CAST(event.times AS DOUBLE) AS times,
    {{weight_word}} AS weight_word, TRY_CAST({{weight_word}} AS DOUBLE) AS weight
FROM {{records}} AS event
LEFT JOIN sampled_unit AS unit ON unit.unit_key = event.unit_key
WHERE event.exclusion = 0
