-- Grain of judged: one row for each failing item of a rule, and one that counts those that passed (one a period, if
-- the rule applies by year). A rule returns a row for each item, or one for many that passed, with their number; size is
-- the weight that it gives to a failing one, else the difference.
-- Several rules are judged by one statement: planning one for each takes longer than running it.
-- reads: judged_before
-- writes: judged
INSERT INTO judged BY NAME
WITH every AS (
    SELECT NULL::VARCHAR AS rule, NULL::DOUBLE AS size, NULL::BIGINT AS things WHERE false
    {% for rule in rules %}
    UNION ALL BY NAME
    (WITH {{rule.tables}} item AS (
        {{rule.kind}}
    )
    SELECT {{rule.name}} AS rule, {{rule.period}} AS period, * FROM item)
    {% endfor %}
)
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
