-- out.headline_by_sex: out.headline by sex, all ages together: men (M), women (F) and unknown (_U) of the preferred
-- series of each area and category that is broken down by sex. The total has no row (it is in column total), so that sums
-- of value over sex give the total. Where men or women are withheld, with a reason, so is the number of unknown;
-- share_of_total has its share, and at_least and at_most (rate_at_least, rate_at_most) the bounds of each sex: if none of
-- the unknown belong to it, and if all do. share_known is the share of persons whose sex is known. Otherwise as out.headline.
-- Grain: one row for each area, ICCS category, year and sex.
-- reads: out.figure, out.rate
CREATE OR REPLACE VIEW out.headline_by_sex AS
WITH whole AS (
    SELECT source, ref_area, time_period, iccs, stage, counting_unit, value AS total
    FROM out.rate
    WHERE sex = '_T' AND age = '_T' AND ({{attributes}}) = ({{totals}})
)
SELECT part.* REPLACE (
    -- Where the known parts are not given, a sum would be that of the unknown ones alone; where these are allocated, twice.
    CASE WHEN part.sex NOT IN ('_U', '_Z') THEN part.value
        WHEN bool_or(part.value IS NULL) OVER figure THEN NULL
        WHEN part.sex = '_U' AND bool_or(contains(coalesce(part.caveats, ''), 'unknown_allocated')) OVER figure THEN NULL
        ELSE part.value END AS value),
    whole.total, part.value / nullif(whole.total, 0) AS share_of_total,
    -- Not known where the number of unknown is not: hidden, or withheld.
    CASE WHEN coalesce(bool_or(part.value IS NULL) FILTER (part.sex = '_U') OVER figure, false) THEN NULL
        ELSE 1 - coalesce(max(part.value) FILTER (part.sex = '_U') OVER figure, 0) / nullif(whole.total, 0) END AS share_known
FROM out.figure AS part
LEFT JOIN whole USING (source, ref_area, time_period, iccs, stage, counting_unit)
WHERE part.is_preferred AND part.sex <> '_T' AND part.age = '_T'
WINDOW figure AS (
    PARTITION BY part.source, part.ref_area, part.time_period, part.iccs, part.stage, part.counting_unit
)
