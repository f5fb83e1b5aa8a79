-- Grain: one row for each category that usually has many events, and each month or quarter in which its area has figures.
-- A run of empty periods, at most half a year long, is judged by the year before and the year after it. Events of one kind
-- vary more than by chance alone, so the probability of none is that in a negative binomial distribution with the mean and
-- variance of those two years. If it is next to impossible, the category was not reported: missing, not zero. A period next
-- to the run that exceeds its own usual figure by half or more of what the run lacks contains the events of both. Periods
-- next to the run are not used to judge it, as they may be such or incomplete. In a longer run the category was not
-- recorded yet, or is no longer recorded: that is not about months.
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
