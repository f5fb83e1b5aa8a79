-- Grain: one row: of the first replicate weight that is missing, no number or negative its column, record and value; how
-- many records have one; the mean sum of the replicates over that of the weights; and the share of zeros in the
-- replicate that has fewest and in the one that has most.
-- reads: sampled_unit
WITH one AS (
    SELECT _file, _number, weight, unnest(replicates) AS replicate_weight, generate_subscripts(replicates, 1) AS replicate
    FROM sampled_unit
),
broken AS (
    SELECT * FROM one WHERE coalesce(NOT (replicate_weight >= 0 AND isfinite(replicate_weight)), true)
),
of_replicate AS (
    SELECT replicate, sum(replicate_weight) / sum(weight) AS share, avg(CAST(replicate_weight = 0 AS INTEGER)) AS zeros
    FROM one
    GROUP BY replicate
)
SELECT (SELECT count(DISTINCT (_file, _number)) FROM broken) AS records,
    (SELECT arg_min({'file': _file, 'number': _number, 'replicate': replicate, 'word': CAST(replicate_weight AS VARCHAR)},
        (_file, _number, replicate)) FROM broken) AS first_one,
    avg(share) AS share, min(zeros) AS fewest_zeros, max(zeros) AS most_zeros
FROM of_replicate
