-- Grain: one row for each rule that records of a survey break: the column, the first record that does, and how many do.
-- reads: sampled_unit, survey_event
WITH broken AS (
    SELECT 'survey_weight' AS rule, 'weight' AS role, _file, _number, weight_word AS word
    FROM sampled_unit
    WHERE coalesce(NOT (weight > 0 AND isfinite(weight)), true)
    UNION ALL
    SELECT 'survey_weight', 'event_weight', _file, _number, weight_word
    FROM survey_event
    WHERE {{own_weight}} AND is_sampled AND coalesce(NOT (weight > 0 AND isfinite(weight)), true)
    UNION ALL
    {% if design %}
    SELECT 'survey_design_missing', CASE WHEN stratum = '' THEN 'stratum' ELSE 'psu' END, _file, _number, NULL
    FROM sampled_unit
    WHERE stratum = '' OR psu = ''
    UNION ALL
    SELECT 'survey_one_psu', 'stratum', min(_file), min(_number), any_value(stratum)
    FROM sampled_unit
    GROUP BY time_period, stratum
    HAVING count(DISTINCT psu) = 1
    UNION ALL
    {% endif %}
    SELECT 'survey_unit_repeated', 'key', _file, _number, NULL
    FROM sampled_unit
    WHERE {{repeated}}
    UNION ALL
    SELECT 'survey_event_without_unit', 'key', _file, _number, NULL
    FROM survey_event
    WHERE NOT is_sampled
    UNION ALL
    SELECT 'survey_number', 'value', _file, _number, times_word
    FROM survey_event
    WHERE coalesce(NOT (times >= 0 AND isfinite(times)), true)
)
SELECT rule, role, arg_min(_file, (_file, _number)), arg_min(_number, (_file, _number)), arg_min(word, (_file, _number)), count(*)
FROM broken
GROUP BY rule, role
ORDER BY rule, role
