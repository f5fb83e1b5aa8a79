-- Grain: one row: the fingerprint of the published cells, whatever their order, and of the caveats on them.
SELECT
    (SELECT bit_xor(md5_number(concat_ws('|', {{columns}})))::VARCHAR || count(*) FROM cells),
    (SELECT concat_ws('|', {{constants}}) FROM cells LIMIT 1),
    (
        SELECT bit_xor(md5_number(concat_ws('|', {{columns}}, caveats)))::VARCHAR
        FROM read_parquet({{written}})
        WHERE caveats IS NOT NULL
    )
