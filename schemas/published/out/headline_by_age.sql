-- out.headline_by_age: out.headline by age, all sexes together: the age groups and unknown (_U) of the preferred series
-- of each area and category that is broken down by age. The total has no row, so that sums of value over age are the
-- total, except where groups of the source overlap (caveat age_bands_overlap). Otherwise as out.headline.
-- Grain: one row for each area, ICCS category, year and age group.
-- reads: out.figure
CREATE OR REPLACE VIEW out.headline_by_age AS
SELECT *
FROM out.figure
WHERE is_preferred AND age <> '_T' AND sex = '_T'
