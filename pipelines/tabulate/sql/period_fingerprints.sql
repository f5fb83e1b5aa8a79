-- Grain: one row for each frequency and period: how many published cells it has, and the fingerprint of these cells and
-- of the caveats on them, whatever their order. constants and figures are kept so that a next load need not read the
-- cells of years that did not change.
-- reads: cells
COPY (
    WITH figure AS (
        SELECT freq, time_period, count(*) AS cells,
            CAST(bit_xor(md5_number(concat_ws('|', {{columns}}))) AS VARCHAR) AS figures
        FROM cells {{made}}
        GROUP BY freq, time_period
        {{kept}}
    ),
    caveat AS (
        SELECT freq, time_period, bit_xor(md5_number(concat_ws('|', {{columns}}, caveats))) AS caveats
        FROM read_parquet({{written}})
        WHERE caveats IS NOT NULL
        GROUP BY freq, time_period
    )
    SELECT CAST(figure.freq AS VARCHAR) AS freq, CAST(figure.time_period AS VARCHAR) AS time_period, cells,
        {{constants}} AS constants, figures,
        md5(concat_ws('|', {{constants}}, figures, coalesce(CAST(caveats AS VARCHAR), ''))) AS fingerprint
    FROM figure
    LEFT JOIN caveat ON caveat.freq = figure.freq AND caveat.time_period = figure.time_period
    ORDER BY ALL
) TO {{target}} (FORMAT parquet)
