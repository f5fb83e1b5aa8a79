-- Grain: one row for each estimate or ratio that is not the same in the last release and in this one: another value or
-- error, one that is given no longer or is given now, or other marks.
-- reads: {{last}}, out.estimate
-- writes: changed_estimate
CREATE OR REPLACE TEMP TABLE changed_estimate AS
WITH old_estimate AS (
    SELECT {{old}}, true AS was_there FROM {{last}}
),
new_estimate AS (
    SELECT {{columns}}, true AS is_there FROM out.estimate
),
both_sides AS (
    SELECT {{key}}, was_there, is_there, coalesce(new.iccs, old.iccs) AS iccs,
        coalesce(new.national_label, old.national_label) AS national_label,
        coalesce(new.counting_unit, old.counting_unit) AS counting_unit, coalesce(new.universe, old.universe) AS universe,
        coalesce(new.unit_of_measure, old.unit_of_measure) AS unit_of_measure,
        old.estimate AS old_value, new.estimate AS new_value, old.standard_error AS old_standard_error,
        new.standard_error AS new_standard_error, new.missing_reason,
        old.obs_status AS old_status, new.obs_status AS new_status,
        (old.lower_limit, old.upper_limit, old.confidence_percent) IS DISTINCT FROM
            (new.lower_limit, new.upper_limit, new.confidence_percent) AS other_limits,
        list_filter(string_split(coalesce(new.caveats, ''), ';'),
            lambda code: code <> '' AND NOT list_contains(string_split(coalesce(old.caveats, ''), ';'), code)) AS added,
        list_filter(string_split(coalesce(old.caveats, ''), ';'),
            lambda code: code <> '' AND NOT list_contains(string_split(coalesce(new.caveats, ''), ';'), code)) AS gone
    FROM old_estimate AS old
    FULL JOIN new_estimate AS new USING ({{key}})
),
judged AS (
    SELECT *,
        CASE
            WHEN is_there IS NULL THEN 'withdrawn'
            WHEN was_there IS NULL THEN 'new'
            WHEN old_value IS NOT NULL AND new_value IS NULL THEN 'gated'
            WHEN old_value IS NULL AND new_value IS NOT NULL THEN 'completed'
            WHEN old_value IS DISTINCT FROM new_value OR old_standard_error IS DISTINCT FROM new_standard_error OR other_limits
                THEN 'revised'
            WHEN len(added) > 0 OR (old_status <> new_status AND out.weaker_status(old_status, new_status) = new_status)
                THEN 'marked'
            WHEN len(gone) > 0 OR old_status <> new_status THEN 'unmarked'
        END AS release_change
    FROM both_sides
)
SELECT * EXCLUDE (was_there, is_there, other_limits, added, gone),
    CASE release_change
        WHEN 'gated' THEN [coalesce(missing_reason, 'no reason given')]
        WHEN 'revised' THEN CASE WHEN old_value IS NOT DISTINCT FROM new_value THEN ['only the standard error differs'] END
        WHEN 'marked' THEN list_concat(added, CASE WHEN old_status <> new_status THEN [concat('status ', new_status)] END)
        WHEN 'unmarked' THEN list_concat(gone, CASE WHEN old_status <> new_status THEN [concat('status ', new_status)] END)
    END AS reasons
FROM judged
WHERE release_change IS NOT NULL
