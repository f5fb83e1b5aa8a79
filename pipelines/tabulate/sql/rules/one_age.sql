-- Grain: one row for each observed category, area and year of victims who must be minors, or adults, by their category.
-- A category is recognised by its ICCS code or by the labels of the national list.
-- needs: age
-- reads: core, age_bound, national_name
WITH told AS (
    SELECT DISTINCT national_code, national_label, iccs,
        CASE
            WHEN list_contains({{minors}}, iccs) OR regexp_matches(lower(national_label), {{minor_words}}) THEN 'minors'
            WHEN list_contains({{adults}}, iccs) THEN 'adults'
        END AS only_age
    FROM national_name
),
judged_age AS (
    SELECT core.*, only_age, value > 0 AND CASE only_age WHEN 'minors' THEN low >= 18 ELSE high < 18 END AS wrong
    FROM core
    JOIN told ON told.national_code = core.national_code AND told.national_label = core.national_label
        AND told.iccs = core.iccs
    JOIN age_bound ON age_bound.age = core.age
    WHERE only_age IS NOT NULL AND counting_unit = 'victim' AND low IS NOT NULL
)
SELECT stage, counting_unit, iccs, ref_area, left(time_period, 4) AS time_period, NULL AS sex, NULL AS age,
    coalesce(sum(value) FILTER (wrong), 0) AS found, 0 AS expected, found > 0 AS failing,
    any_value(national_code) || ' is of ' || any_value(only_age) || ' only; '
        || coalesce(string_agg(DISTINCT age, ', ' ORDER BY age) FILTER (wrong), '') AS detail
FROM judged_age
GROUP BY stage, counting_unit, iccs, ref_area, left(time_period, 4), national_code
