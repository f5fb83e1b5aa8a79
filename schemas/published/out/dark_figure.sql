-- out.dark_figure: what people told a survey beside what the police recorded, of one country (or region), category and
-- year: two figures of two populations, and never one series. recorded_share is the recorded count over the estimate, with
-- limits from those of the estimate; it is not a reporting rate: differences says in what else the two differ.
-- Grain: one row for each estimate of a number experienced that has recorded counts of its area, ICCS category and year,
-- and counting unit of these.
-- reads: out.estimate, out.rate
CREATE OR REPLACE VIEW out.dark_figure AS
SELECT survey.ref_area, survey.iccs, survey.time_period, survey.sex, survey.source AS survey_source, survey.national_label,
    survey.counting_unit AS survey_counting_unit, survey.universe, survey.age, survey.estimate, survey.lower_limit,
    survey.upper_limit, survey.confidence_percent, police.source AS recorded_source,
    police.counting_unit AS recorded_counting_unit, police.value AS recorded,
    police.value / nullif(survey.estimate, 0) AS recorded_share,
    police.value / nullif(survey.upper_limit, 0) AS recorded_share_low,
    CASE WHEN survey.lower_limit > 0 THEN police.value / survey.lower_limit END AS recorded_share_high,
    concat_ws('; ',
        concat('the survey counts ', survey.counting_unit, 's, the police ', police.counting_unit, 's'),
        concat('the survey is of ', survey.universe, CASE WHEN survey.age <> '_T' THEN concat(' (', survey.age, ')') ELSE '' END,
            ', the police count is of everybody'),
        CASE WHEN survey.relation <> 'exact' THEN concat('the survey category is ', survey.relation) END,
        CASE WHEN contains(survey.caveats, 'financial_year') OR contains(police.caveats, 'financial_year')
            THEN 'years do not begin in the same month' END,
        CASE WHEN survey.lower_limit IS NULL THEN 'the survey gives no error' END
    ) AS differences,
    out.weaker_status(survey.obs_status, police.obs_status) AS obs_status,
    out.join_caveats(survey.caveats, police.caveats) AS caveats
FROM out.estimate AS survey
JOIN out.rate AS police
    ON police.ref_area = survey.ref_area AND police.iccs = survey.iccs AND police.time_period = survey.time_period
    AND police.sex = survey.sex AND police.age = '_T' AND police.stage = 'recorded' AND police.value IS NOT NULL
WHERE survey.stage = 'experienced' AND survey.figure_kind = 'estimate' AND survey.unit_of_measure = 'number'
    AND survey.estimate IS NOT NULL AND {{police_totals}} AND {{survey_totals}}
