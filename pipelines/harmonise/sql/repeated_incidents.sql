-- Grain: one row: rows of a partition, different ones, rows that repeat one before, places of the first of these; rows with
-- the identifier of a row before, rows without one, and the first two places of such an identifier; identifiers that
-- are another one but for zeros, signs or capitals; how many times the
-- partition holds nearly every row, or NULL.
-- reads: hashed
WITH alike AS (
    SELECT count(*) AS times, list(_row ORDER BY _row)[:5] AS places FROM hashed GROUP BY content
),
same_id AS (
    SELECT count(*) AS times, list(_row ORDER BY _row)[:2] AS places FROM hashed WHERE NOT is_blank GROUP BY id
)
SELECT (SELECT count(*) FROM hashed), (SELECT count(*) FROM alike),
    (SELECT coalesce(sum(times - 1), 0)::BIGINT FROM alike),
    (SELECT list(places ORDER BY places)[:5] FROM alike WHERE times > 1),
    (SELECT coalesce(sum(times - 1), 0)::BIGINT FROM same_id), (SELECT count(*) FROM hashed WHERE is_blank),
    (SELECT min(places) FROM same_id WHERE times > 1),
    (SELECT count(DISTINCT id) - count(DISTINCT near) FROM hashed WHERE NOT is_blank),
    (
        SELECT min(factor)
        FROM (
            SELECT factor
            FROM alike, (SELECT unnest([2, 3, 5]) AS factor)
            GROUP BY factor
            HAVING count(*) >= {{least_rows}} AND avg((times % factor = 0)::INTEGER) >= {{least_share}}
        )
    )
