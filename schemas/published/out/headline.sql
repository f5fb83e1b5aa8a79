-- out.headline: one figure for each area, category and year, for all sexes, ages and attributes together, from the
-- preferred series (out.series); other_series lists the series left out. Read this first. For one iccs, sums of value over
-- areas of the same area_level, or over years, are right. Never add up areas of different area_level (a country and its
-- regions), or a category and those inside it (iccs_level; use out.counts_at_level for several): they overlap.
-- Units differ between areas: counting_unit. For men, women and ages: out.headline_by_sex, out.headline_by_age;
-- for other counting units, stages and sources: out.figure; for ICCS attributes such as weapon: out.rate.
-- Grain: one row for each area, ICCS category and year.
-- reads: out.figure
CREATE OR REPLACE VIEW out.headline AS
SELECT * EXCLUDE (at_least, at_most, rate_at_least, rate_at_most)  -- of parts of unknown number; this is the total
FROM out.figure
WHERE is_preferred AND sex = '_T' AND age = '_T'
