-- Grain: one row for each published cell of a source, with the caveats of the source and the effects of the rules that
-- found it failing; cells that an analyst asks for together are neighbours in the file. A cell without a value keeps its
-- own reason. The first cell after a declared break is marked B. If the sex (or age) of too many is unknown, a cell of a
-- known one has bounds in place of its value: the known persons, and these with all of unknown sex (or age). A cell of one
-- sex and one age has no bounds if neither is known well enough. If the source declares that those of unknown sex and age
-- are allocated, the value is an estimate (E) with the caveat unknown_allocated, and has bounds beside it: at_least is the
-- count as given; if they cannot be allocated, there are only the bounds.
-- Grain of joined_caveats: one row for each combination of caveats that can meet in a cell. There are few, and splitting
-- and joining a text of caveats for every cell takes longer than everything else.
-- reads: cells, gate, unreported, part_of_category, allocated, late_break
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
    unknown_sex AS (
        FROM cells WHERE sex = '_U' AND value IS NOT NULL
    ),
    unknown_age AS (
        FROM cells WHERE age = '_U' AND value IS NOT NULL
    ),
    judged AS (
        SELECT cells.*, {{caveats}} AS own_caveats, gate.caveats AS found_caveats,
            greatest(
                CASE WHEN allocated.value IS NULL THEN gate.obs_status ELSE gate.status_of_allocated END,
                CASE WHEN late_break.own THEN CAST('B' AS obs_status_code) END
            ) AS found_status,
            nullif(late_break.caveats, '') AS late_caveats,
            CASE WHEN cells.value IS NOT NULL THEN coalesce(
                withhold_any,
                allocated.open_of,
                CASE WHEN allocated.given IS NULL AND cells.sex NOT IN ('_T', '_U', '_Z') THEN withhold_sex END,
                CASE WHEN allocated.given IS NULL AND cells.age NOT IN ('_T', '_U', '_Z') THEN withhold_age END
            ) END AS withheld,
            allocated.value AS with_unknown, allocated.at_most AS with_all_unknown,
            withhold_any IS NULL AND allocated.given IS NOT NULL AS bounded_by_unknown,
            withhold_any IS NULL AND allocated.given IS NULL AND withhold_sex IS NOT NULL
                AND cells.sex NOT IN ('_T', '_U', '_Z') AND (withhold_age IS NULL OR cells.age = '_T') AS bounded_by_sex,
            withhold_any IS NULL AND allocated.given IS NULL AND withhold_age IS NOT NULL
                AND cells.age NOT IN ('_T', '_U', '_Z') AND (withhold_sex IS NULL OR cells.sex = '_T') AS bounded_by_age,
            unreported.share AS unreported, unreported.share_given AS unreported_given
        FROM cells
        LEFT JOIN allocated ON {{same_cell}}
        LEFT JOIN late_break
            ON late_break.stage = cells.stage AND late_break.counting_unit = cells.counting_unit
            AND late_break.iccs = CAST(cells.iccs AS VARCHAR) AND late_break.ref_area = CAST(cells.ref_area AS VARCHAR)
            AND late_break.freq = cells.freq AND late_break.time_period = cells.time_period
            AND late_break.sex = CAST(cells.sex AS VARCHAR) AND late_break.age = CAST(cells.age AS VARCHAR)
        LEFT JOIN gate
            ON gate.stage = cells.stage AND gate.counting_unit = cells.counting_unit AND gate.iccs = cells.iccs
            AND gate.ref_area = cells.ref_area AND gate.time_period = cells.time_period
            AND gate.all_sexes = (cells.sex = '_T') AND gate.all_ages = (cells.age = '_T')
        LEFT JOIN unreported
            ON unreported.stage = cells.stage AND unreported.counting_unit = cells.counting_unit
            AND unreported.ref_area = cells.ref_area AND unreported.year = CAST(cells.time_period AS VARCHAR)
    )
    SELECT cells.* EXCLUDE (
            own_caveats, found_caveats, late_caveats, found_status, withheld, unreported, unreported_given,
            bounded_by_unknown,
            bounded_by_sex, bounded_by_age, with_unknown, with_all_unknown
        ) REPLACE (
            CASE WHEN cells.iccs <> '' THEN cells.iccs END AS iccs,
            CASE WHEN withheld IS NULL THEN coalesce(with_unknown, cells.value) END AS value,
            CASE
                WHEN withheld IS NOT NULL THEN CAST('O' AS obs_status_code)
                WHEN cells.value IS NULL THEN cells.obs_status
                WHEN {{breaks}} THEN CAST('B' AS obs_status_code)
                ELSE greatest(cells.obs_status, found_status,
                    CASE WHEN with_unknown IS NOT NULL THEN CAST('E' AS obs_status_code) END)
            END AS obs_status,
            coalesce(CAST(cells.missing_reason AS VARCHAR), withheld) AS missing_reason,
            -- Shares are sums whose last digits depend on the order of adding: they end where no share has digits.
            round(greatest(least(
                cells.completeness - coalesce(unreported_given, 0), 1 - coalesce(unreported, 0)
            ), 0), 9) AS completeness
        ),
        CASE WHEN bounded_by_sex OR bounded_by_age OR bounded_by_unknown THEN cells.value END AS at_least,
        CASE
            WHEN bounded_by_unknown THEN with_all_unknown
            WHEN bounded_by_sex OR bounded_by_age
                THEN round(cells.value + coalesce(unknown_sex.value, unknown_age.value, 0), 6)
        END AS at_most,
        CASE
            WHEN late_caveats IS NOT NULL OR (with_unknown IS NOT NULL AND withheld IS NULL) THEN join_caveats(
                CASE WHEN found_caveats IS NULL AND part.caveat IS NULL THEN own_caveats ELSE joined END,
                concat_ws(';', late_caveats,
                    CASE WHEN with_unknown IS NOT NULL AND withheld IS NULL THEN 'unknown_allocated' END)
            )
            WHEN found_caveats IS NULL AND part.caveat IS NULL THEN own_caveats
            ELSE joined
        END AS caveats
    FROM judged AS cells
    LEFT JOIN part_of_category AS part ON part.iccs = cells.iccs AND part.iccs_made_from = cells.iccs_made_from
    LEFT JOIN unknown_sex ON bounded_by_sex AND {{same_but_sex}}
    LEFT JOIN unknown_age ON bounded_by_age AND {{same_but_age}}
    LEFT JOIN joined_caveats
        ON joined_caveats.own IS NOT DISTINCT FROM cells.own_caveats
        AND joined_caveats.found IS NOT DISTINCT FROM cells.found_caveats
        AND joined_caveats.part IS NOT DISTINCT FROM part.caveat
    ORDER BY cells.iccs, cells.ref_area, cells.freq, cells.time_period
) TO {{target}} (FORMAT parquet, COMPRESSION snappy)
