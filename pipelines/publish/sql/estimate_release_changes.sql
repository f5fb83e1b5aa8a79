-- Grain: one row for each estimate or ratio that differs in its value or error from the last release, or is gone or
-- completed. errors_apart is the change over the larger of the two standard errors.
-- reads: changed_estimate
-- writes: out.release_change_estimate
INSERT INTO out.release_change_estimate BY NAME
SELECT {{release}} AS release, {{previous}} AS previous_release, {{key}}, iccs, national_label, counting_unit, universe,
    unit_of_measure, release_change, old_value, new_value, new_value - old_value AS revision_change,
    old_standard_error, new_standard_error,
    abs(new_value - old_value) / nullif(greatest(old_standard_error, new_standard_error), 0) AS errors_apart,
    array_to_string(reasons, '; ') AS what_changed
FROM changed_estimate
WHERE release_change IN ('revised', 'gated', 'withdrawn', 'completed')
ORDER BY errors_apart DESC NULLS LAST, source, measure, ref_area, time_period
