-- Grain: one row for each printed rate. One above zero was made from a count.
-- needs: printed rates
-- reads: published_rate
SELECT stage, counting_unit, iccs, ref_area, time_period, NULL AS sex, NULL AS age, rate AS found, NULL AS expected,
    count IS NULL AND rate > 0 AS failing,
    national_code || ': printed rate ' || number_text(rate) || ' per ' || CAST(per AS BIGINT) || ', and no count' AS detail,
    rate / per AS size
FROM published_rate
