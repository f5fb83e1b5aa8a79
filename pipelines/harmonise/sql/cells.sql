-- Grain: one row for each cell of every layout: the source's labels (…_word) with our codes. A label without a code
-- leaves its code NULL; the next statements name every such cell. The number of a cell is its position in the file.
-- reads: area, word
COPY (
    WITH words AS ({{tidy}}),
    translated AS (
        SELECT
            words.*,
            {{select}},
            value_list.code AS value_status,
            to_count(words.value_word) AS number
        FROM words
        {{joins}}
        LEFT JOIN word AS value_list ON value_list.dimension = 'value' AND value_list.word = words.value_word
    )
    SELECT
        translated.*,
        CASE measure {{stages}} END AS stage,
        CASE measure {{units}} END AS counting_unit,
        {{freq}} AS freq,
        area.level AS area_level,
        CASE WHEN value_status IS NULL THEN number END AS value,
        coalesce(value_status, flag) AS obs_status
    FROM translated
    LEFT JOIN area ON area.code = translated.ref_area
) TO {{target}} (FORMAT parquet, COMPRESSION snappy)
