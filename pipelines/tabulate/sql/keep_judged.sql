-- Grain of placed: that of judged. place orders the failing items of a rule by their size. A category whose finding is that
-- of one inside it, with the same numbers, has no place: it is one finding, and shown once.
-- Grain of finding: one row for each failing item of a rule, numbered within the rule by place.
-- Grain of judged_by_period: that of judged, for every rule that applies by year; the next load reuses unchanged years.
-- reads: judged
-- writes: placed, finding, judged_by_period, judged
CREATE OR REPLACE TEMP TABLE placed AS
WITH deepest AS (
    SELECT *, failing AND length(iccs) < max(length(iccs)) OVER finding
            AND starts_with(max_by(iccs, length(iccs)) OVER finding, iccs) AS repeats
    FROM judged
    WINDOW finding AS (
        PARTITION BY rule, failing, stage, counting_unit, ref_area, time_period, sex, age, found, expected
    )
)
SELECT * EXCLUDE (repeats),
    CASE WHEN failing AND NOT coalesce(repeats, false) THEN row_number() OVER (
        PARTITION BY rule, failing, coalesce(repeats, false)
        ORDER BY size DESC, ref_area, time_period, length(iccs) DESC, iccs, detail, stage, counting_unit, sex, age
    ) END AS place
FROM deepest;

INSERT INTO finding
SELECT rule, place, stage, counting_unit, iccs, ref_area, time_period, sex, age, found, expected, detail,
    NULL, NULL, NULL
FROM placed
WHERE failing
ORDER BY rule, place;

INSERT INTO judged_by_period BY NAME
SELECT * EXCLUDE (place) FROM placed WHERE period IS NOT NULL;

DELETE FROM judged
