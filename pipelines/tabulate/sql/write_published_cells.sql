-- Grain: one row for each published cell of a source, with the caveats of the source and of the rules that found it
-- failing; neighbours in the file are neighbours in an analyst's question.
-- reads: cells, caveat_text
COPY (
    SELECT cells.* REPLACE (CASE WHEN cells.iccs <> '' THEN cells.iccs END AS iccs),
        CASE WHEN found.caveats IS NULL THEN {{caveats}} ELSE join_caveats({{caveats}}, found.caveats) END AS caveats
    FROM cells
    LEFT JOIN caveat_text AS found
        ON found.stage = cells.stage AND found.counting_unit = cells.counting_unit AND found.iccs = cells.iccs
        AND found.ref_area = cells.ref_area AND found.time_period = cells.time_period
        AND found.all_sexes = (cells.sex = '_T') AND found.all_ages = (cells.age = '_T')
    ORDER BY cells.iccs, cells.ref_area, cells.freq, cells.time_period
) TO {{target}} (FORMAT parquet, COMPRESSION snappy)
