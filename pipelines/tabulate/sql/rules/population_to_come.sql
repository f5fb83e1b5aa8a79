-- Grain: one row for each area and year after the one in which the file came, and one row that keeps the rule: whether the
-- figure is said to be a projection, by the source or by its status (estimated, forecast).
-- reads: cells, period_not_over
WITH to_come AS (
    SELECT DISTINCT stage, counting_unit, CAST(cells.ref_area AS VARCHAR) AS ref_area, cells.time_period, cells.obs_status, came
    FROM cells
    JOIN period_not_over AS not_over ON not_over.time_period = cells.time_period
        AND (not_over.ref_area IS NULL OR not_over.ref_area = CAST(cells.ref_area AS VARCHAR))
    WHERE freq = 'A' AND value IS NOT NULL AND sex = '_T' AND age = '_T' AND CAST(cells.time_period AS INTEGER) > year(came)
)
SELECT stage, counting_unit, NULL AS iccs, ref_area, time_period, NULL AS sex, NULL AS age, NULL AS found, NULL AS expected,
    CAST(obs_status AS VARCHAR) NOT IN ('E', 'F') AND NOT ({{declared_projected}}) AS failing,
    'the file was received on ' || CAST(came AS VARCHAR) AS detail
FROM to_come
UNION ALL BY NAME
SELECT DISTINCT stage, counting_unit, false AS failing, 'all other years' AS detail
FROM cells
