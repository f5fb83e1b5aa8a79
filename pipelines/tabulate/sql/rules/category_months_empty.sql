-- Grain: one row for each month or quarter in which an area has figures, and category that it usually has many of.
-- A run of empty periods, at most half a year long, is judged by the year before and the year after it. Events of one kind
-- vary more than by chance alone: none is as likely as in a negative binomial distribution with the mean and variance of
-- those two years. Next to impossible is not reported: missing, not zero. A period that touches the run, and holds half or
-- more of what it lacks above its own, has the events of both. The periods that touch the run are not judged by: they may
-- be such, or not whole. A longer run is a category that was not recorded yet, or is no longer: no matter of months.
-- needs: months
-- reads: given
WITH of_category AS (
    SELECT stage, counting_unit, CAST(iccs AS VARCHAR) AS iccs, CAST(ref_area AS VARCHAR) AS ref_area, freq, time_period,
        sum(value) AS value, bool_or(value IS NULL) AS lacks
    FROM given
    WHERE freq IN ('M', 'Q') AND iccs IS NOT NULL
    GROUP BY ALL
),
series AS (
    SELECT *, row_number() OVER () AS series, CASE freq WHEN 'M' THEN 12 ELSE 4 END AS a_year
    FROM (
        SELECT stage, counting_unit, iccs, ref_area, freq
        FROM of_category
        WHERE value > 0
        GROUP BY ALL
        HAVING median(value) >= {{least_usual}}
    ) AS usually_many
),
reported AS (
    SELECT DISTINCT stage, counting_unit, ref_area, freq, time_period FROM of_category WHERE value > 0
),
figure AS (
    SELECT series, a_year, time_period, coalesce(value, 0) AS value, coalesce(lacks, false) AS lacks,
        row_number() OVER (PARTITION BY series ORDER BY time_period) AS place
    FROM series
    JOIN reported USING (stage, counting_unit, ref_area, freq)
    LEFT JOIN of_category USING (stage, counting_unit, iccs, ref_area, freq, time_period)
),
empty AS (
    SELECT series, any_value(a_year) AS a_year, min(place) AS first_place, max(place) AS last_place, count(*) AS periods
    FROM (
        SELECT series, a_year, place, place - row_number() OVER (PARTITION BY series ORDER BY place) AS run
        FROM figure
        WHERE value = 0 AND NOT lacks
    ) AS nothing
    GROUP BY series, run
    HAVING count(*) <= any_value(a_year) / 2
),
around AS (
    SELECT series, first_place, last_place, any_value(empty.periods) AS periods, avg(value) AS usual,
        coalesce(var_samp(value), 0) AS variance
    FROM empty
    JOIN figure USING (series)
    WHERE place BETWEEN first_place - 1 - empty.a_year AND last_place + 1 + empty.a_year
        AND place NOT BETWEEN first_place - 1 AND last_place + 1 AND NOT lacks
    GROUP BY ALL
    HAVING count(*) >= any_value(empty.a_year) / 2 AND avg(value) > 0
),
implausible AS (
    FROM around
    WHERE -- the logarithm of the probability of none
        CASE
            WHEN variance <= usual THEN -usual
            ELSE usual * usual / (variance - usual) * ln(usual / variance)
        END < ln({{least_likely}})
),
found AS (
    SELECT figure.series, figure.place, min(usual) AS usual, bool_or(figure.place BETWEEN first_place AND last_place) AS empty
    FROM implausible
    JOIN figure ON figure.series = implausible.series AND figure.place BETWEEN first_place - 1 AND last_place + 1
    WHERE figure.place BETWEEN first_place AND last_place
        OR figure.value - usual >= greatest({{least_of_missing}} * periods * usual, {{deviations}} * sqrt(greatest(variance, usual)))
    GROUP BY ALL
)
SELECT stage, counting_unit, iccs, ref_area, time_period, NULL AS sex, NULL AS age, value AS found, usual AS expected,
    usual IS NOT NULL AS failing,
    time_period || ': ' || CASE WHEN empty THEN 'none' ELSE CAST(round(value) AS BIGINT)::VARCHAR END || ', usually '
        || CAST(round(usual) AS BIGINT) || CASE WHEN empty THEN ', while other categories have figures'
            ELSE ', next to a period without any' END AS detail
FROM figure
JOIN series USING (series)
LEFT JOIN found USING (series, place)
