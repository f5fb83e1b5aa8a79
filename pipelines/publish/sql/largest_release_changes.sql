-- Grain: one row for each of the annual figures, over all sexes, ages and attributes, that changed most: by count, then by
-- rate. A figure that is gone counts as zero; a change that several levels share is kept at the deepest level.
-- reads: changed_figure, out.area
-- writes: out.release_change_cell
INSERT INTO out.release_change_cell BY NAME
WITH moved AS (
    SELECT changed_figure.*, coalesce(new_value, 0) - coalesce(old_value, 0) AS by_count,
        coalesce(new_rate, 0) - coalesce(old_rate, 0) AS by_rate
    FROM changed_figure
    WHERE freq = 'A' AND sex = '_T' AND age = '_T' AND ({{attributes}}) = ({{totals}})
        AND release_change IN ('revised', 'gated', 'withdrawn')
    QUALIFY row_number() OVER (
        PARTITION BY source, left(ref_area, 2), time_period, stage, counting_unit, by_count, old_value = new_value,
            CASE WHEN by_count = 0 THEN by_rate END
        ORDER BY length(ref_area) DESC, length(iccs) DESC, ref_area, iccs
    ) = 1 OR (by_count = 0 AND by_rate = 0)
)
SELECT {{release}} AS release, source, ref_area, time_period, iccs, stage, counting_unit, release_change, old_value, new_value,
    new_value - old_value AS revision_change, {{percent}} AS revision_percent, {{no_percent}} AS no_percent_reason,
    old_rate, new_rate, array_to_string(reasons, '; ') AS what_changed
FROM moved
ORDER BY abs(by_count) DESC, abs(by_rate) DESC, source, ref_area, time_period, iccs
LIMIT {{largest}}
