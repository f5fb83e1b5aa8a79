-- Grain: one row for each measure whose months (or quarters) hardly ever fall except where a year begins, or if there is no
-- such measure, for each such area and each such code: how often a figure rises or falls from one month to the next within
-- a year, how often the first month is below the one before it, and the first and last figures of all years together, with
-- what the last would be if months were added up.
-- A year begins in January or, if it is a financial year, in the month in which figures fall most often.
-- reads: core
WITH period AS (
    SELECT time_period, CASE freq WHEN 'M' THEN 12 ELSE 4 END AS in_year,
        in_year * CAST(left(CAST(time_period AS VARCHAR), 4) AS INTEGER)
        + CAST(ltrim(substr(CAST(time_period AS VARCHAR), 6), 'Q') AS INTEGER) - 1 AS point
    FROM (SELECT DISTINCT time_period, freq FROM core WHERE freq IN ('M', 'Q') AND value IS NOT NULL)
),
monthly AS (
    SELECT {{keys}}, in_year, point, sum(value) AS value
    FROM core
    JOIN period USING (time_period)
    WHERE value IS NOT NULL
    GROUP BY ALL
),
-- A join on the month before, and no window: sorting by all keys takes several times as long.
step AS (
    SELECT now.measure, now.ref_area, now.national_code, now.in_year, now.point % now.in_year AS part,
        now.point // now.in_year AS year, now.value, earlier.value AS before
    FROM monthly AS now
    JOIN monthly AS earlier ON earlier.point = now.point - 1 AND {{same_series}}
),
of_part AS (
    SELECT measure, in_year, part, ref_area, national_code, grouping(ref_area) = 0 AS is_area,
        grouping(national_code) = 0 AS is_code,
        count(*) AS steps,
        count(*) FILTER (value > before) AS rises,
        count(*) FILTER (value < before) AS falls,
        count(*) FILTER (before > 0) AS judged,
        count(DISTINCT year) FILTER (value < before) AS years
    FROM step
    GROUP BY GROUPING SETS (
        (measure, in_year, part), (measure, in_year, part, ref_area), (measure, in_year, part, national_code)
    )
),
begun AS (
    SELECT measure, in_year, ref_area, national_code, is_area, is_code,
        arg_max(part, {'falls': falls, 'earliest': -part}) AS most, unnest(list_distinct([0, most])) AS start
    FROM of_part
    GROUP BY measure, in_year, ref_area, national_code, is_area, is_code
),
of_group AS (
    SELECT begun.*,
        sum(steps) FILTER (part <> start) AS steps,
        sum(rises) FILTER (part <> start) AS rises,
        sum(falls) FILTER (part <> start) AS falls,
        coalesce(sum(judged) FILTER (part = start), 0) AS firsts,
        coalesce(sum(of_part.falls) FILTER (part = start), 0) AS lower,
        coalesce(sum(years) FILTER (part = start), 0) AS years
    FROM begun
    JOIN of_part ON begun.measure = of_part.measure AND begun.in_year = of_part.in_year
        AND begun.is_area = of_part.is_area AND begun.is_code = of_part.is_code
        AND begun.ref_area IS NOT DISTINCT FROM of_part.ref_area
        AND begun.national_code IS NOT DISTINCT FROM of_part.national_code
    GROUP BY ALL
    HAVING falls <= {{most_falling}} * rises AND lower >= 0.9 * firsts
        -- One area, or a year that begins in another month, may look like it by chance.
        AND CASE WHEN begun.is_area OR begun.is_code OR start > 0 THEN rises >= {{least_of_part}} AND years > 0 ELSE rises >= {{least}} END
        AND (start = 0 OR years > 1)
),
of_year AS (
    SELECT of_group.measure, of_group.ref_area, of_group.national_code, is_area, is_code, of_group.in_year, start, steps,
        rises, falls, firsts, lower,
        arg_min(value, point) AS first, arg_max(value, point) AS last, count(*) AS months
    FROM of_group
    JOIN monthly ON monthly.measure = of_group.measure AND monthly.in_year = of_group.in_year
        AND (NOT is_area OR monthly.ref_area IS NOT DISTINCT FROM of_group.ref_area)
        AND (NOT is_code OR monthly.national_code IS NOT DISTINCT FROM of_group.national_code)
    GROUP BY of_group.measure, of_group.ref_area, of_group.national_code, is_area, is_code, of_group.in_year, start, steps,
        rises, falls, firsts, lower, {{series}}, (point - start) // of_group.in_year
    HAVING months > 1
)
SELECT CAST(measure AS VARCHAR) AS measure, CAST(ref_area AS VARCHAR) AS ref_area,
    CAST(national_code AS VARCHAR) AS national_code, in_year, start, steps, rises, falls, firsts, lower,
    sum(first) AS first, sum(last) AS last
FROM of_year
GROUP BY measure, ref_area, national_code, is_area, is_code, in_year, start, steps, rises, falls, firsts, lower
HAVING sum(last) >= 0.5 * sum(first * months)
QUALIFY (NOT is_area AND NOT is_code OR NOT bool_or(NOT is_area AND NOT is_code) OVER (PARTITION BY measure, in_year))
    AND start = min(start) OVER (PARTITION BY measure, in_year, ref_area, national_code)
ORDER BY measure, ref_area, national_code
