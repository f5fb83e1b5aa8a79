-- out.headline_by_sex: out.headline by sex, all ages together: men (M), women (F) and unknown (_U) of the preferred
-- series of each area and category that is broken down by sex. The total has no row, so that sums of value over sex are
-- the total; it is in out.headline. Otherwise as there.
-- Grain: one row for each area, ICCS category, year and sex.
-- reads: out.figure
CREATE OR REPLACE VIEW out.headline_by_sex AS
SELECT *
FROM out.figure
WHERE is_preferred AND sex <> '_T' AND age = '_T'
