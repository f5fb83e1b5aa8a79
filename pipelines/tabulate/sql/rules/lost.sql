-- Grain: one row for each thing (area, category, year or cell) for which the previous vintage, of other files, has a figure;
-- it fails if this load has none. Cells are judged only in years that this load still has, as whole years are judged by
-- themselves. An area, category or year that had many events and now has nothing but zeros is lost too. If rows are events,
-- a thing that had few is not judged, as it may have none. Ordered by the largest figure it had.
-- reads: cells, previous
WITH before AS (
    SELECT CASE {{lost}}
            WHEN 'areas' THEN ref_area
            WHEN 'categories' THEN coalesce(iccs, '')
            WHEN 'years' THEN left(time_period, 4)
            ELSE concat_ws(' ', stage, counting_unit, coalesce(iccs, ''), ref_area, time_period, sex, age{{attributes}})
        END AS thing, value, ref_area, iccs, time_period, stage, counting_unit, sex, age
    FROM previous
    WHERE value IS NOT NULL
        AND ({{lost}} <> 'cells' OR left(time_period, 4) IN (SELECT DISTINCT left(time_period::VARCHAR, 4) FROM cells))
),
now AS (
    SELECT CASE {{lost}}
            WHEN 'areas' THEN ref_area::VARCHAR
            WHEN 'categories' THEN coalesce(iccs::VARCHAR, '')
            WHEN 'years' THEN left(time_period::VARCHAR, 4)
            ELSE concat_ws(' ', stage, counting_unit, coalesce(iccs::VARCHAR, ''), ref_area, time_period, sex, age{{attributes}})
        END AS thing, max(value) AS size
    FROM cells
    WHERE value IS NOT NULL
    GROUP BY thing
),
things AS (
    SELECT thing, max(value) AS size, any_value(ref_area) AS ref_area, any_value(iccs) AS iccs,
        any_value(time_period) AS time_period, any_value(stage) AS stage, any_value(counting_unit) AS counting_unit,
        any_value(sex) AS sex, any_value(age) AS age
    FROM before
    GROUP BY thing
    HAVING NOT {{events}} OR max(value) >= {{least_count}} OR {{lost}} = 'years'
)
SELECT
    CASE WHEN {{lost}} = 'cells' THEN stage END AS stage, CASE WHEN {{lost}} = 'cells' THEN counting_unit END AS counting_unit,
    CASE WHEN {{lost}} IN ('cells', 'categories') THEN iccs END AS iccs,
    CASE WHEN {{lost}} IN ('cells', 'areas') THEN ref_area END AS ref_area,
    CASE {{lost}} WHEN 'cells' THEN time_period WHEN 'years' THEN thing END AS time_period,
    CASE WHEN {{lost}} = 'cells' THEN sex END AS sex, CASE WHEN {{lost}} = 'cells' THEN age END AS age,
    now.size AS found, things.size AS expected, things.size,
    now.thing IS NULL OR ({{lost}} <> 'cells' AND now.size = 0 AND things.size >= {{least_count}}) AS failing,
    CASE WHEN now.thing IS NULL THEN 'no figure' ELSE 'only zero' END || ' now, up to '
        || format('{:,}', round(things.size)::BIGINT) || ' before' AS detail
FROM things
LEFT JOIN now USING (thing)
