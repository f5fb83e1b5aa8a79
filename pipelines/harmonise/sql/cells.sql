-- Grain: one row for each cell of every layout: the source's labels (…_word) with our codes. A label without a code
-- leaves its code NULL; the next statements name every such cell. The number of a cell is its position in the file.
-- A flag that says why a figure is missing (flag_missing) is the reason of a blank, of a word for missing, and of a zero
-- in the place of the figure; only where it says no more than "missing" does the word, if that says more.
-- reads: area, word
COPY (
    WITH words AS ({{tidy}}),
    translated AS (
        SELECT
            words.*,
            {{select}},
            value_list.code AS word_status,
            to_count(words.value_word) AS number
        FROM words
        {{joins}}
        LEFT JOIN word AS value_list ON value_list.dimension = 'value' AND value_list.word = words.value_word
    ),
    reasoned AS (
        SELECT *,
            CASE WHEN flag NOT IN ({{of_value}}) THEN flag END AS flag_missing,
            CASE WHEN flag NOT IN ({{of_value}}) AND (value_word = '' OR word_status IS NOT NULL OR number = 0)
                THEN coalesce(nullif(flag, 'O'), word_status, flag) ELSE word_status END AS value_status
        FROM translated
    )
    SELECT
        translated.*,
        CASE measure {{stages}} END AS stage,
        CASE measure {{units}} END AS counting_unit,
        {{freq}} AS freq,
        area.level AS area_level,
        CASE WHEN value_status IS NULL THEN number END AS value,
        coalesce(value_status, flag) AS obs_status
    FROM reasoned AS translated
    LEFT JOIN area ON area.code = translated.ref_area
) TO {{target}} (FORMAT parquet, COMPRESSION snappy)
