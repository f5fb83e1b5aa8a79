-- Grain: one row for each published cell of a source, with the caveats of the source and of the rules that found it
-- failing; neighbours in the file are neighbours in an analyst's question.
COPY (
    WITH caveat AS (
        SELECT caveat_cell.* REPLACE (
            CAST(stage AS stage_code) AS stage, CAST(counting_unit AS counting_unit_code) AS counting_unit,
            CAST(iccs AS iccs_code) AS iccs, CAST(ref_area AS ref_area_code) AS ref_area
        ), period.time_period
        FROM caveat_cell
        JOIN (SELECT DISTINCT time_period FROM cells) AS period ON left(period.time_period, 4) = caveat_cell.year
    )
    SELECT cells.* REPLACE (CASE WHEN cells.iccs <> '' THEN cells.iccs END AS iccs),
        CASE
            WHEN one.year IS NULL AND whole.year IS NULL THEN {{caveats}}
            ELSE nullif(array_to_string(list_sort(list_distinct(string_split(
                concat_ws(';', {{caveats}}, one.any_cell, whole.any_cell,
                    CASE WHEN cells.sex <> '_T' THEN one.by_sex END, CASE WHEN cells.age <> '_T' THEN one.by_age END), ';'
            ))), ';'), '')
        END AS caveats
    FROM cells
    LEFT JOIN (FROM caveat WHERE iccs IS NOT NULL) AS one
        ON one.stage = cells.stage AND one.counting_unit = cells.counting_unit AND one.iccs = cells.iccs
        AND one.ref_area = cells.ref_area AND one.time_period = cells.time_period
    LEFT JOIN (FROM caveat WHERE iccs IS NULL) AS whole
        ON whole.stage = cells.stage AND whole.counting_unit = cells.counting_unit
        AND whole.ref_area = cells.ref_area AND whole.time_period = cells.time_period
    ORDER BY cells.iccs, cells.ref_area, cells.freq, cells.time_period
) TO {{target}} (FORMAT parquet, COMPRESSION snappy)
