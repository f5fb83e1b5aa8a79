-- Grain: one row for each area and year with figures of men or women: only one of them has any, in the area or in
-- all areas of the year. Categories that only one sex can
-- have, by their link or their name, say nothing, nor do years in which a row of the other sex has no figure.
-- needs: sex
-- reads: core, links, national_name
WITH of_one_sex AS (
    SELECT national_code, national_label
    FROM national_name
    WHERE regexp_matches(lower(national_label || ' ' || national_code), nullif({{female}}, ''))
        OR regexp_matches(lower(national_label || ' ' || national_code), nullif({{male}}, ''))
),
observed AS (
    SELECT core.stage, core.counting_unit, core.ref_area, left(core.time_period, 4) AS time_period, core.sex, core.value
    FROM core
    ANTI JOIN of_one_sex USING (national_code, national_label)
    LEFT JOIN links ON links.link = core.link
    WHERE {{given}} AND links.sex IS NULL
),
by_sex AS (
    SELECT stage, counting_unit, ref_area, time_period,
        coalesce(sum(value) FILTER (sex = 'M'), 0) AS men, coalesce(sum(value) FILTER (sex = 'F'), 0) AS women,
        count(*) FILTER (value IS NULL) > 0 OR coalesce(sum(value) FILTER (sex NOT IN ('M', 'F')), 0) > 0 AS may_be_there
    FROM observed
    GROUP BY ALL
    HAVING men + women > 0
)
SELECT stage, counting_unit, NULL AS iccs, ref_area, time_period, NULL AS sex, NULL AS age, least(men, women) AS found,
    NULL AS expected,
    least(men, women) = 0 AND NOT may_be_there AND (
        greatest(men, women) >= {{least_count}}
        OR (least(sum(men) OVER everywhere, sum(women) OVER everywhere) = 0 AND NOT bool_or(may_be_there) OVER everywhere
            AND sum(men + women) OVER everywhere >= {{least_count}})
    ) AS failing,
    if(men > women, CAST(men AS BIGINT) || ' men, no women', CAST(women AS BIGINT) || ' women, no men') AS detail
FROM by_sex
WINDOW everywhere AS (PARTITION BY stage, counting_unit, time_period)
