-- Grain: one row for each annual rate, of all ages and attributes together, of a series whose usual spread is known.
-- reads: usual_spread
-- writes: out.rate
-- Quasi-Poisson limits: the spread of neighbouring years in place of that of chance. They stand beside the limits of
-- chance only where they reach more than {{times}} times as far.
UPDATE out.rate AS rate
SET usual_low = rate_per_100k / exp(reach / sqrt(value)), usual_high = rate_per_100k * exp(reach / sqrt(value))
FROM usual_spread AS spread
WHERE rate.source = spread.source AND rate.ref_area = spread.ref_area AND rate.iccs = spread.iccs
    AND rate.stage = spread.stage AND rate.counting_unit = spread.counting_unit AND rate.sex = spread.sex
    AND age = '_T'{{no_attributes}} AND value > 0 AND ci_high IS NOT NULL
    AND exp(reach / sqrt(value)) - 1 > {{times}} * (ci_high / rate_per_100k - 1)
