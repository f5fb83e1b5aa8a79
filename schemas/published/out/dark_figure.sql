-- out.dark_figure: survey estimates of crimes experienced next to the counts recorded by the police, for one country (or
-- region), category and year: two figures of two populations, which never form one series. Every survey measure is a
-- series of its own, with its counting unit, population and reference period: persons, households, persons who experienced
-- an offence and offences experienced are never mixed. Only the widest age group of a survey is included, because the
-- police count covers everybody. recorded_share is the recorded count divided by the estimate, with limits from those of
-- the estimate; it is not a reporting rate: see differences. Rates and shares are only in out.estimate.
-- Grain: one row for each source, measure and national category of a survey with an estimated number of crimes experienced,
-- area, ICCS category, year and sex for which there are recorded counts, and source and counting unit of these counts.
-- reads: out.estimate, out.rate, out.age
CREATE OR REPLACE VIEW out.dark_figure AS
WITH period_name AS (
    SELECT * FROM (VALUES {{reference_periods}}) AS named(code, says)
),
asked AS (
    SELECT one.*, coalesce(known.lower_age, 0) AS youngest, coalesce(known.upper_age, 999) AS oldest
    FROM out.estimate AS one
    LEFT JOIN out.age AS known ON known.code = one.age
    WHERE one.stage = 'experienced' AND one.figure_kind = 'estimate' AND one.unit_of_measure = 'number' AND one.age <> '_U'
),
survey AS (
    SELECT asked.* EXCLUDE (youngest, oldest), period_name.says AS told_of
    FROM asked
    LEFT JOIN period_name ON period_name.code = asked.reference_period
    WINDOW whole AS (PARTITION BY source, measure, national_code, ref_area, freq, time_period, sex)
    QUALIFY youngest = min(youngest) OVER whole AND oldest = max(oldest) OVER whole
)
SELECT survey.ref_area, survey.iccs, survey.time_period, survey.sex, survey.source AS survey_source, survey.measure,
    survey.national_code, survey.national_label, survey.counting_unit AS survey_counting_unit, survey.unit_of_measure,
    survey.universe, survey.age, survey.reference_period, survey.estimate, survey.lower_limit,
    survey.upper_limit, survey.confidence_percent, police.source AS recorded_source,
    police.counting_unit AS recorded_counting_unit, police.value AS recorded,
    police.value / nullif(survey.estimate, 0) AS recorded_share,
    police.value / nullif(survey.upper_limit, 0) AS recorded_share_low,
    CASE WHEN survey.lower_limit > 0 THEN police.value / survey.lower_limit END AS recorded_share_high,
    concat_ws('; ',
        concat('the survey counts ', survey.counting_unit, 's',
            CASE WHEN survey.counting_unit IN ({{unit_counts}}) THEN ', each once however often the offence was experienced' END,
            ', the police ', police.counting_unit, 's'),
        concat('the survey covers ', survey.universe, CASE WHEN survey.age NOT IN ('_T', '_Z') THEN concat(' (', survey.age, ')') END,
            ', the police count covers everybody'),
        CASE WHEN survey.reference_period IS NULL THEN 'the period about which people were asked is not declared'
            WHEN survey.reference_period <> 'calendar_year'
            THEN concat('people were asked about ', lower(left(survey.told_of, 1)), substr(survey.told_of, 2), ', the police count is for the year') END,
        CASE WHEN survey.relation <> 'exact' THEN concat('the survey category is ', survey.relation) END,
        CASE WHEN contains(survey.caveats, 'financial_year') OR contains(police.caveats, 'financial_year')
            THEN 'years do not begin in the same month' END,
        CASE WHEN survey.lower_limit IS NULL THEN 'the survey gives no sampling error' END
    ) AS differences,
    out.weaker_status(survey.obs_status, police.obs_status) AS obs_status,
    out.join_caveats(survey.caveats, police.caveats) AS caveats
FROM survey
JOIN out.rate AS police
    ON police.ref_area = survey.ref_area AND police.iccs = survey.iccs AND police.time_period = survey.time_period
    AND police.sex = survey.sex AND police.age = '_T' AND police.stage = 'recorded' AND police.value IS NOT NULL
WHERE survey.estimate IS NOT NULL AND {{police_totals}} AND {{survey_totals}}
