-- out.smoothed_rate: rates of the parts of a country shrunk towards their common rate, more strongly the smaller their
-- population: empirical Bayes (Marshall 1991, Applied Statistics 40: 283-294; the Poisson-gamma model with the same
-- moments), for ten or more areas of one level, source, year, category and composition. It is given in addition to
-- rate_per_100k, for maps and comparisons of small areas, so that no rank or limit rests on a handful of events.
-- smoothed_low and smoothed_high are the 95 % limits of the gamma distribution (Wilson and Hilferty 1931), which take the
-- common rate as known. own_weight is the share of the area's own rate; where it is 0 the areas differ by no more than
-- chance. Rates that lack a part, include an exceptional event or are estimates are left out. Rates that also borrow
-- strength from neighbouring areas (BYM2), with limits and the probability that they are above the common rate, need a fit
-- for each map and are computed on request: iccs funnel --method bym, columns bym_rate, bym_low, bym_high and bym_above of
-- --json and of read_small_areas.
-- Grain: one row for each rate of an area below a country, all ages, that is smoothed.
-- reads: out.rate, out.area
CREATE OR REPLACE VIEW out.smoothed_rate AS
WITH own AS (
    SELECT rate.*, CASE WHEN rate.area_level = 'admin1' THEN place.parent ELSE coalesce(above.parent, place.parent) END AS country,
        rate.population / 100000 AS people
    FROM out.rate AS rate
    JOIN out.area AS place ON place.code = rate.ref_area
    LEFT JOIN out.area AS above ON above.code = place.parent
    WHERE rate.area_level IN ('admin1', 'admin2') AND age = '_T' AND ({{attributes}}) = ({{totals}})
        AND rate_per_100k IS NOT NULL AND ci_low IS NOT NULL AND NOT {{uncompared}}
),
moments AS (
    SELECT *, sum(value) OVER together / sum(people) OVER together AS common, avg(people) OVER together AS mean_people,
        sum(people) OVER together AS all_people, count(*) OVER together AS areas
    FROM own
    WINDOW together AS (
        PARTITION BY source, country, area_level, time_period, iccs, coalesce(iccs_made_from, ''), stage, counting_unit, sex
    )
),
spread AS (
    SELECT *, greatest(sum(people * (rate_per_100k - common) ** 2) OVER together / all_people - common / mean_people, 0) AS between_areas
    FROM moments
    WHERE areas >= 10 AND common > 0
    WINDOW together AS (
        PARTITION BY source, country, area_level, time_period, iccs, coalesce(iccs_made_from, ''), stage, counting_unit, sex
    )
),
-- The gamma law of the rate: shape events, over people; where the areas do not differ, that of all areas together.
posterior AS (
    SELECT *, between_areas / (between_areas + common / people) AS own_weight,
        CASE WHEN between_areas > 0 THEN common ** 2 / between_areas + value ELSE common * all_people END AS shape,
        CASE WHEN between_areas > 0 THEN common / between_areas + people ELSE all_people END AS scale
    FROM spread
)
SELECT
    source, vintage, country, ref_area, area_level, time_period, iccs, iccs_made_from, stage, counting_unit, sex, value, population,
    population_source, rate_per_100k, ci_low, ci_high, few_events,
    shape / scale AS smoothed_rate,
    shape / scale * greatest(1 - 1 / (9 * shape) - {{normal_quantile}} / (3 * sqrt(shape)), 0) ** 3 AS smoothed_low,
    shape / scale * (1 - 1 / (9 * shape) + {{normal_quantile}} / (3 * sqrt(shape))) ** 3 AS smoothed_high,
    own_weight, common AS common_rate, areas AS areas_together, obs_status, caveats
FROM posterior
