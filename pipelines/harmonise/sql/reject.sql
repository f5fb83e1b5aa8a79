-- Grain: one row for each cell and rule it breaks. Cells left out by a named exclusion are not checked.
-- reads: cells
-- writes: doubled, doubled_number, judged, point, rejected, suspect
CREATE TEMP VIEW judged AS
SELECT * FROM cells WHERE exclusion IS NULL;

CREATE TEMP TABLE suspect AS
SELECT * FROM judged
WHERE ref_area IS NULL OR freq IS NULL OR stage IS NULL OR (number IS NULL AND value_status IS NULL)
    OR number < 0 OR ({{whole}} AND number <> trunc(number)) OR (number <> 0 AND flag_missing IS NOT NULL)
    OR ({{marks_open}} AND contains(value_word, '.')) {{any_unknown}};

-- Whether every number with a point has exactly three digits behind it and at most three before: 12.000 may then be
-- twelve, or twelve thousand.
CREATE TEMP TABLE point AS
SELECT {{marks_open}} AND bool_and(regexp_full_match(value_word, '[1-9][0-9]{0,2}[.][0-9]{3}')) AS is_open
FROM suspect WHERE contains(value_word, '.') AND number IS NOT NULL AND value_status IS NULL;

-- First by a number for each key, which is quick and nearly always finds none; then by the key itself.
CREATE TEMP TABLE doubled_number AS
SELECT hash({{key}}) AS key_number FROM judged WHERE {{unique}} GROUP BY key_number HAVING count(*) > 1;

CREATE TEMP TABLE doubled AS
SELECT {{key}} FROM judged WHERE hash({{key}}) IN (FROM doubled_number) GROUP BY ALL HAVING count(*) > 1;

CREATE TEMP TABLE rejected AS
WITH broken AS (
    {{unknown_words}}
    SELECT cell, 'unknown_area' AS rule, {{area_column}} AS column_name, ref_area_word AS bad_value
    FROM suspect WHERE ref_area IS NULL
    UNION ALL
    SELECT cell, 'unknown_measure', {{measure_column}}, measure
    FROM suspect WHERE stage IS NULL
    UNION ALL
    SELECT cell, 'invalid_period', {{period_column}}, time_period
    FROM suspect WHERE freq IS NULL
    UNION ALL
    SELECT cell, 'count_empty', coalesce(_column, {{value_column}}), value_word
    FROM suspect WHERE value_word = '' AND value_status IS NULL
    UNION ALL
    SELECT cell, 'count_not_a_number', coalesce(_column, {{value_column}}), value_word
    FROM suspect WHERE value_word <> '' AND number IS NULL AND value_status IS NULL
    UNION ALL
    SELECT cell, 'count_mark_unclear', coalesce(_column, {{value_column}}), value_word
    FROM suspect WHERE contains(value_word, '.') AND number IS NOT NULL AND value_status IS NULL
        AND (SELECT coalesce(is_open, false) FROM point)
    UNION ALL
    SELECT cell, 'count_beside_missing_status', {{status_column}}, concat_ws(' ', value_word, {{status_word}})
    FROM suspect WHERE number <> 0 AND flag_missing IS NOT NULL AND value_status IS NULL
    UNION ALL
    SELECT cell, 'count_not_whole', coalesce(_column, {{value_column}}), value_word
    FROM suspect WHERE {{whole}} AND number <> trunc(number) AND NOT (SELECT coalesce(is_open, false) FROM point)
    UNION ALL
    SELECT cell, 'count_negative', coalesce(_column, {{value_column}}), value_word
    FROM suspect WHERE number < 0
    UNION ALL
    SELECT judged.cell, 'duplicate_key', NULL, concat_ws(' / ', {{key}}) || ' = ' || value_word
    FROM judged SEMI JOIN doubled USING ({{key}})
)
SELECT broken.cell, judged._file, judged._sheet, judged._row, rule, column_name, bad_value, judged.number
FROM broken JOIN judged USING (cell)
