-- Grain of judged: one row for each failing item of a rule, and one that counts those that passed (one a period, if
-- the rule applies by year). place orders the failing ones: by size where the rule gives their weight, else by the
-- difference. A category whose finding is that of one inside it, with the same numbers, has no place: it is one finding, and
-- shown once. A rule returns a row for each item, or one for many that passed, with their number.
-- Several rules are judged by one statement: planning one for each takes longer than running it.
-- reads: judged_before
-- writes: judged
CREATE OR REPLACE TEMP TABLE judged AS
WITH every AS (
    SELECT NULL::VARCHAR AS rule, NULL::DOUBLE AS size, NULL::BIGINT AS things WHERE false
    {% for rule in rules %}
    UNION ALL BY NAME
    (WITH {{rule.tables}} item AS (
        {{rule.kind}}
    )
    SELECT {{rule.name}} AS rule, {{rule.period}} AS period, * FROM item)
    {% endfor %}
),
counted AS (
    SELECT rule, period, coalesce(failing, false) AS failing,
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
    SELECT * FROM judged_before WHERE rule IN ({{names}})
),
deepest AS (
    SELECT *, failing AND length(iccs) < max(length(iccs)) OVER finding
            AND starts_with(max_by(iccs, length(iccs)) OVER finding, iccs) AS repeats
    FROM counted
    WINDOW finding AS (
        PARTITION BY rule, failing, stage, counting_unit, ref_area, time_period, sex, age, found, expected
    )
)
SELECT * EXCLUDE (repeats),
    CASE WHEN failing AND NOT coalesce(repeats, false) THEN row_number() OVER (
        PARTITION BY rule, failing, coalesce(repeats, false)
        ORDER BY size DESC, ref_area, time_period, length(iccs) DESC, iccs, detail, stage, counting_unit, sex, age
    ) END AS place
FROM deepest
