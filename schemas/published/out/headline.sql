-- out.headline: the one figure of each area, category and year, of all sexes, ages and attributes together, from the
-- preferred series (out.series); other_series names those left out. Read this first. Sums of value over areas of one
-- area_level, or over years, are right for one iccs. Two things overlap and are never to be added: areas of different
-- area_level (a country and its regions), and a category and those inside it (iccs_level; use out.counts_at_level for
-- several). Units differ between areas: counting_unit. Men, women and ages: out.headline_by_sex, out.headline_by_age;
-- other counting units, stages and sources: out.figure; ICCS attributes such as weapon: out.rate.
-- Grain: one row for each area, ICCS category and year.
-- reads: out.figure
CREATE OR REPLACE VIEW out.headline AS
SELECT * EXCLUDE (at_least, at_most, rate_at_least, rate_at_most)  -- of parts of unknown number; this is the total
FROM out.figure
WHERE is_preferred AND sex = '_T' AND age = '_T'
