-- Grain of judged: one row for each failing item of one rule, and one that counts those that passed (one a period, if
-- the rule applies by year). place orders the failing ones: by size where the rule gives their weight, else by the
-- difference. A category whose finding is that of one inside it, with the same numbers, has no place: it is one finding, and
-- shown once. A rule returns a row for each item, or one for many that passed, with their number.
-- Grain of judged_by_period: the same, for every rule that applies by year; the next load reuses unchanged years.
-- reads: judged_before
-- writes: judged, finding, judged_by_period
CREATE OR REPLACE TEMP TABLE judged AS
WITH {{tables}} every AS (
    SELECT NULL::DOUBLE AS size, NULL::BIGINT AS things WHERE false
    UNION ALL BY NAME
    SELECT * FROM (
        {{kind}}
    )
),
counted AS (
    SELECT
        {{period}} AS period, coalesce(failing, false) AS failing,
        CASE WHEN failing THEN stage END AS stage, CASE WHEN failing THEN counting_unit END AS counting_unit,
        CASE WHEN failing THEN nullif(iccs, '') END AS iccs, CASE WHEN failing THEN ref_area END AS ref_area,
        CASE WHEN failing THEN time_period END AS time_period, CASE WHEN failing THEN sex END AS sex,
        CASE WHEN failing THEN age END AS age, CASE WHEN failing THEN found END AS found,
        CASE WHEN failing THEN expected END AS expected, CASE WHEN failing THEN detail END AS detail,
        CASE WHEN failing THEN coalesce(size, abs(found - expected), abs(found), 0) END AS size,
        sum(coalesce(things, 1)) AS things
    FROM every
    GROUP BY ALL
    UNION ALL BY NAME
    SELECT * EXCLUDE (rule) FROM judged_before WHERE rule = {{rule}}
),
deepest AS (
    SELECT *, failing AND length(iccs) < max(length(iccs)) OVER finding
            AND starts_with(max_by(iccs, length(iccs)) OVER finding, iccs) AS repeats
    FROM counted
    WINDOW finding AS (
        PARTITION BY failing, stage, counting_unit, ref_area, time_period, sex, age, found, expected
    )
)
SELECT * EXCLUDE (repeats),
    CASE WHEN failing AND NOT coalesce(repeats, false) THEN row_number() OVER (
        PARTITION BY failing, coalesce(repeats, false)
        ORDER BY size DESC, ref_area, time_period, length(iccs) DESC, iccs, detail, stage, counting_unit, sex, age
    ) END AS place
FROM deepest;

INSERT INTO finding
SELECT {{rule}}, place, stage, counting_unit, iccs, ref_area, time_period, sex, age, found, expected, detail,
    NULL, NULL, NULL
FROM judged
WHERE failing
ORDER BY place;

INSERT INTO judged_by_period BY NAME
SELECT {{rule}} AS rule, * EXCLUDE (place) FROM judged WHERE period IS NOT NULL
