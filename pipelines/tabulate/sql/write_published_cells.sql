-- Grain: one row for each published cell of a source, with the caveats of the source and what rules do to the cells that
-- they found failing; neighbours in the file are neighbours in an analyst's question. A cell that lacks a value keeps
-- its own reason. The first cell after a declared break is marked B.
-- Grain of joined_caveats: one row for each combination of caveats that can meet in a cell. There are few, and taking a
-- text of caveats apart and putting it together again for every cell takes longer than all the rest.
-- reads: cells, gate, unreported, part_of_category
COPY (
    WITH own_caveats AS (
        SELECT iccs, time_period, {{caveats}} AS own
        FROM (SELECT DISTINCT iccs, time_period FROM cells) AS cells
    ),
    joined_caveats AS (
        SELECT own, found, part, join_caveats(own, concat_ws(';', found, part)) AS joined
        FROM (
            SELECT DISTINCT own, gate.caveats AS found
            FROM own_caveats
            JOIN gate USING (iccs, time_period)
            UNION
            SELECT own, NULL FROM own_caveats
        )
        CROSS JOIN (SELECT DISTINCT caveat AS part FROM part_of_category UNION ALL SELECT NULL) AS parts
        WHERE found IS NOT NULL OR part IS NOT NULL
    ),
    judged AS (
        SELECT cells.*, {{caveats}} AS own_caveats, gate.caveats AS found_caveats, gate.obs_status AS found_status,
            CASE WHEN cells.value IS NOT NULL THEN coalesce(
                withhold_any, CASE WHEN cells.sex NOT IN ('_T', '_U', '_Z') THEN withhold_sex END,
                CASE WHEN cells.age NOT IN ('_T', '_U', '_Z') THEN withhold_age END
            ) END AS withheld,
            unreported.share AS unreported
        FROM cells
        LEFT JOIN gate
            ON gate.stage = cells.stage AND gate.counting_unit = cells.counting_unit AND gate.iccs = cells.iccs
            AND gate.ref_area = cells.ref_area AND gate.time_period = cells.time_period
            AND gate.all_sexes = (cells.sex = '_T') AND gate.all_ages = (cells.age = '_T')
        LEFT JOIN unreported
            ON unreported.stage = cells.stage AND unreported.counting_unit = cells.counting_unit
            AND unreported.ref_area = cells.ref_area AND unreported.year = CAST(cells.time_period AS VARCHAR)
    )
    SELECT cells.* EXCLUDE (own_caveats, found_caveats, found_status, withheld, unreported) REPLACE (
            CASE WHEN cells.iccs <> '' THEN cells.iccs END AS iccs,
            CASE WHEN withheld IS NULL THEN value END AS value,
            CASE
                WHEN withheld IS NOT NULL THEN CAST('O' AS obs_status_code)
                WHEN value IS NULL THEN obs_status
                WHEN {{breaks}} THEN CAST('B' AS obs_status_code)
                ELSE greatest(obs_status, found_status)
            END AS obs_status,
            coalesce(CAST(missing_reason AS VARCHAR), withheld) AS missing_reason,
            -- Shares are sums whose last digits depend on the order of adding: they end where no share has digits.
            round(completeness * (1 - coalesce(unreported, 0)), 9) AS completeness
        ),
        CASE WHEN found_caveats IS NULL AND part.caveat IS NULL THEN own_caveats ELSE joined END AS caveats
    FROM judged AS cells
    LEFT JOIN part_of_category AS part ON part.iccs = cells.iccs AND part.iccs_made_from = cells.iccs_made_from
    LEFT JOIN joined_caveats
        ON joined_caveats.own IS NOT DISTINCT FROM cells.own_caveats
        AND joined_caveats.found IS NOT DISTINCT FROM cells.found_caveats
        AND joined_caveats.part IS NOT DISTINCT FROM part.caveat
    ORDER BY cells.iccs, cells.ref_area, cells.freq, cells.time_period
) TO {{target}} (FORMAT parquet, COMPRESSION snappy)
