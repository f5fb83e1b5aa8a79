-- Grain: one row for each measure, period, group of units and national code: the estimate, with its standard error by
-- Taylor linearisation (Wolter 2007, chapter 6): of the linearised values of the primary sampling units, those without
-- an event too, the variance between units of one stratum, added over strata. No sampling fraction is taken off.
-- reads: psu_units, psu_events, survey_measure, survey_quantile
-- writes: survey_estimate
CREATE OR REPLACE TEMP TABLE survey_estimate AS
WITH stratum_size AS (
    SELECT time_period, stratum, count(DISTINCT psu) AS psus
    FROM psu_units
    GROUP BY time_period, stratum
),
code AS (
    SELECT DISTINCT time_period, national_code
    FROM psu_events
),
sums AS (
    SELECT kind.measure, kind.per, kind.most, psu.time_period, psu.stratum{% for name in groups %}, psu.{{name}}{% endfor %}, code.national_code,
        psu.units, psu.sampled,
        coalesce(CASE WHEN kind.of_units THEN event.struck ELSE event.events END, 0) AS counted,
        coalesce(CASE WHEN kind.of_units THEN event.struck_sampled ELSE event.records END, 0) AS records
    FROM psu_units AS psu
    JOIN code ON code.time_period = psu.time_period
    CROSS JOIN survey_measure AS kind
    LEFT JOIN psu_events AS event ON event.time_period = psu.time_period AND event.stratum = psu.stratum AND event.psu = psu.psu
        AND event.national_code = code.national_code{% for name in groups %} AND event.{{name}} = psu.{{name}}{% endfor %}

),
total AS (
    SELECT measure, per, most, time_period{% for name in groups %}, {{name}}{% endfor %}, national_code, sum(counted) AS counted, sum(units) AS units,
        sum(records)::BIGINT AS records, sum(sampled)::BIGINT AS sampled
    FROM sums
    GROUP BY measure, per, most, time_period{% for name in groups %}, {{name}}{% endfor %}, national_code
),
linear AS (
    SELECT sums.measure, sums.time_period, sums.stratum{% for name in groups %}, sums.{{name}}{% endfor %}, sums.national_code,
        CASE WHEN sums.per IS NULL THEN sums.counted
            ELSE sums.per / total.units * (sums.counted - total.counted / total.units * sums.units) END AS part
    FROM sums
    JOIN total ON total.measure = sums.measure AND total.time_period = sums.time_period
        AND total.national_code = sums.national_code{% for name in groups %} AND total.{{name}} = sums.{{name}}{% endfor %}

),
of_stratum AS (
    SELECT linear.measure, linear.time_period, linear.stratum{% for name in groups %}, linear.{{name}}{% endfor %}, linear.national_code,
        any_value(size.psus) AS psus, count(*) AS here, sum(part) AS added, sum(part * part) AS squared
    FROM linear
    JOIN stratum_size AS size ON size.time_period = linear.time_period AND size.stratum = linear.stratum
    GROUP BY linear.measure, linear.time_period, linear.stratum{% for name in groups %}, linear.{{name}}{% endfor %}, linear.national_code
),
variance AS (
    SELECT measure, time_period{% for name in groups %}, {{name}}{% endfor %}, national_code,
        sum(psus / (psus - 1.0) * greatest(squared - added * added / psus, 0)) AS variance
    FROM of_stratum
    GROUP BY measure, time_period{% for name in groups %}, {{name}}{% endfor %}, national_code
),
estimate AS (
    SELECT total.*, coalesce(total.per, 1) * total.counted / CASE WHEN total.per IS NULL THEN 1 ELSE total.units END AS figure,
        sqrt(variance.variance) AS error, quantile.quantile, least(total.records, total.sampled) < {{smallest}} AS withheld
    FROM total
    JOIN variance ON variance.measure = total.measure AND variance.time_period = total.time_period
        AND variance.national_code = total.national_code{% for name in groups %} AND variance.{{name}} = total.{{name}}{% endfor %}

    JOIN survey_quantile AS quantile ON quantile.measure = total.measure AND quantile.time_period = total.time_period
)
SELECT measure, time_period, national_code{% for name in groups %}, {{name}}{% endfor %}, figure, error, quantile, most, records, sampled, withheld
FROM estimate
