-- Grain: one row for each year of a series, with the last earlier year that has a figure, unless that is long ago. A factor
-- by which no crime changes in a year means another definition or another way of counting, however restless the series is,
-- until somebody declares that it is real (no_break). A break that the source declares anywhere between the two years is
-- not a jump. A year that was not reported has no level, so no jump is measured to or from it: whether it has hardly any
-- counts, lacks some of its months or lost rows to quarantine, even if it is published. The same is true of a year with a
-- declared mass event.
-- What is true of a part is true of every total that contains it: of a category above, and of an area made of its parts;
-- but what was lost to quarantine is judged for each total by itself.
-- needs: 2 years
-- reads: series, finding, area_ancestor, given_area
WITH unreported_part AS (
    SELECT DISTINCT stage, counting_unit, iccs, ref_area, left(time_period, 4) AS time_period,
        rule IN (SELECT unnest({{withholding}})) AS goes_up
    FROM finding
    WHERE rule IN (SELECT unnest({{withholding}}))
        OR (rule IN (SELECT unnest({{lowering}})) AND value_found > {{much_rejected}} AND length(time_period) = 4)
),
unreported AS (
    SELECT DISTINCT stage, counting_unit, iccs, coalesce(CAST(up.ancestor AS VARCHAR), part.ref_area) AS ref_area,
        time_period, goes_up
    FROM unreported_part AS part
    LEFT JOIN area_ancestor AS up ON CAST(up.area AS VARCHAR) = part.ref_area
        AND (up.ancestor = up.area OR (goes_up AND up.ancestor NOT IN (SELECT ref_area FROM given_area)))
),
usual AS (
    SELECT series.*, median(value) OVER (PARTITION BY stage, counting_unit, series.iccs, ref_area) AS usual
    FROM series
    WHERE value IS NOT NULL AND NOT ({{exceptional}}) AND NOT EXISTS (
        FROM unreported
        WHERE unreported.stage = series.stage AND unreported.counting_unit = series.counting_unit
            AND unreported.ref_area = series.ref_area AND unreported.time_period = series.time_period
            AND coalesce(unreported.iccs = CAST(series.iccs AS VARCHAR)
                OR (goes_up AND starts_with(unreported.iccs, CAST(series.iccs AS VARCHAR))), true)
    )
),
changes AS (
    SELECT *, lag(value) OVER years AS before, lag(year) OVER years AS year_before
    FROM usual
    WHERE usual < {{least_count}} OR value > {{nearly_none}} * usual
    WINDOW years AS (PARTITION BY stage, counting_unit, iccs, ref_area ORDER BY year)
)
SELECT stage, counting_unit, iccs, ref_area, time_period, NULL AS sex, NULL AS age, value AS found, before AS expected,
    greatest(value, before) >= {{least_count}}
        AND greatest(value, before) >= {{factor}} * CASE WHEN {{a_year}} THEN year - year_before ELSE 1 END
            * greatest(least(value, before), 1)
        AND NOT ({{breaks_between}}) AND NOT ({{real_between}}) AS failing,
    CAST(before AS BIGINT) || ' in ' || year_before || ', ' || CAST(value AS BIGINT) || ' in ' || year AS detail,
    abs(value - before) AS size
FROM changes
WHERE before IS NOT NULL AND year - year_before <= {{most_years}}
