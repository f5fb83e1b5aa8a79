-- Grain: one row for each observed category, area and year that only one sex can have, by its link or by its name. What
-- contradicts it is the other one of men and women: another code (_O) may be a woman to the law that names the category.
-- reads: core, links, national_name
WITH told AS (
    SELECT DISTINCT names.link, names.national_code, names.national_label, coalesce(
        CASE
            WHEN {{female}} <> '' AND regexp_matches(lower(names.national_label || ' ' || names.national_code), {{female}}) THEN 'F'
            WHEN {{male}} <> '' AND regexp_matches(lower(names.national_label || ' ' || names.national_code), {{male}}) THEN 'M'
        END,
        links.sex
    ) AS only_sex
    FROM national_name AS names
    LEFT JOIN links ON links.link = names.link
)
SELECT stage, counting_unit, iccs, ref_area, left(time_period, 4) AS time_period, NULL AS sex, NULL AS age,
    coalesce(sum(value) FILTER (core.sex IN ('M', 'F') AND core.sex <> only_sex), 0) AS found, 0 AS expected,
    found > 0 AS failing, core.national_code || ' is ' || only_sex || ' only' AS detail
FROM core
JOIN told ON told.link IS NOT DISTINCT FROM core.link AND told.national_code = core.national_code
    AND told.national_label = core.national_label
WHERE only_sex IN ('M', 'F')
GROUP BY ALL
