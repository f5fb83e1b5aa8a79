-- Grain: one row for each published cell, as before, with the caveats of the rules that found it failing.
COPY (
    SELECT cells.* REPLACE (
        CASE WHEN one.year IS NULL AND whole.year IS NULL THEN cells.caveats ELSE nullif(array_to_string(list_sort(list_distinct(string_split(
            concat_ws(';', cells.caveats, one.any_cell, whole.any_cell,
                CASE WHEN cells.sex <> '_T' THEN one.by_sex END, CASE WHEN cells.age <> '_T' THEN one.by_age END), ';'
        ))), ';'), '') END AS caveats
    )
    FROM cells
    LEFT JOIN (FROM caveat_cell WHERE iccs IS NOT NULL) AS one
        ON one.stage = cells.stage AND one.counting_unit = cells.counting_unit AND one.iccs = cells.iccs
        AND one.ref_area = cells.ref_area AND one.year = left(cells.time_period, 4)
    LEFT JOIN (FROM caveat_cell WHERE iccs IS NULL) AS whole
        ON whole.stage = cells.stage AND whole.counting_unit = cells.counting_unit
        AND whole.ref_area = cells.ref_area AND whole.year = left(cells.time_period, 4)
) TO {{target}} (FORMAT parquet, COMPRESSION snappy)
