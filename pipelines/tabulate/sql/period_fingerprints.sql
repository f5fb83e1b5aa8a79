-- Grain: one row for each frequency and period: how many published cells it has, and the fingerprint of these cells and
-- of the caveats on them, whatever their order.
COPY (
    SELECT freq, time_period, count(*) AS cells,
        md5(concat_ws('|', {{constants}}, CAST(bit_xor(md5_number(concat_ws('|', {{columns}}))) AS VARCHAR)))
            AS fingerprint
    FROM read_parquet({{written}})
    GROUP BY freq, time_period
    ORDER BY ALL
) TO {{target}} (FORMAT parquet)
