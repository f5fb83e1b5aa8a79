-- Grain: one row for each block of a table (the rows below a blank line) of which nearly all cells are also in one block
-- above it, once in each: file, sheet, first row of both, cells of the lower block, and how many of them the upper has.
-- reads: core
WITH placed AS (
    SELECT _file, coalesce(_sheet, '') AS _sheet, _row,
        _row - lag(_row) OVER (PARTITION BY _file, coalesce(_sheet, '') ORDER BY _row) > 1 AS is_first
    FROM {{raw}}
),
block AS (
    SELECT _file, _sheet, _row,
        count(*) FILTER (is_first) OVER (PARTITION BY _file, _sheet ORDER BY _row ROWS UNBOUNDED PRECEDING) AS block
    FROM placed
),
cell AS (
    SELECT _file, block._sheet, block, {{keys}}, count(*) AS times, min(_row) AS _row
    FROM core
    JOIN block USING (_file, _row)
    WHERE block._sheet = coalesce(core._sheet, '')
    GROUP BY ALL
),
sized AS (
    SELECT _file, _sheet, block, count(*) AS cells, min(_row) AS _row
    FROM cell
    GROUP BY ALL
    HAVING max(times) = 1 AND cells >= {{least}}
),
common AS (
    SELECT one._file, one._sheet, one.block AS upper, other.block AS lower, count(*) AS shared
    FROM cell AS one
    JOIN cell AS other ON other._file = one._file AND other._sheet = one._sheet AND other.block > one.block AND {{same_key}}
    GROUP BY ALL
)
SELECT common._file, nullif(common._sheet, ''), upper_block._row, lower_block._row, lower_block.cells, shared
FROM common
JOIN sized AS upper_block
    ON upper_block._file = common._file AND upper_block._sheet = common._sheet AND upper_block.block = common.upper
JOIN sized AS lower_block
    ON lower_block._file = common._file AND lower_block._sheet = common._sheet AND lower_block.block = common.lower
WHERE shared >= {{share}} * lower_block.cells
QUALIFY row_number() OVER (PARTITION BY common._file, common._sheet, lower ORDER BY upper) = 1
ORDER BY 1, 2, 3, 4
