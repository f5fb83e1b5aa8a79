-- Grain: one row for each published area, category and period some of whose rows were rejected: the share that is lost,
-- of the counts, or of the rows if a rejected count cannot be read.
-- What a rejected row does not tell (if its date is invalid, the month; its year may still be known) is spread over what
-- the other rows of its country tell, in proportion to their counts: a row without a place lowers the country and, on
-- average, each of its regions. If every cell is written once (whole_cube), the row is an absent cell instead: of a period
-- that its area and category lack, and of a country that has no row of its own. A row that agrees with no other (its
-- category has none in that year) still lowers its own year. If an absent cell is a zero (events), an area without any row
-- cannot be known beside such rows.
-- needs: rejected rows
-- reads: lost_row, area_ancestor, country_of_any, given_area, climb, iccs_ancestor, cells
WITH gone AS (
    SELECT row_number() OVER () AS number, * FROM lost_row WHERE is_rejected
),
base AS (
    SELECT lost_row.* EXCLUDE (is_rejected), CAST(country AS VARCHAR) AS country
    FROM lost_row
    LEFT JOIN country_of_any ON CAST(country_of_any.ref_area AS VARCHAR) = lost_row.ref_area
    WHERE NOT is_rejected AND EXISTS (FROM gone)
),
within_year AS (
    SELECT DISTINCT left(time_period, 4) AS year FROM base WHERE length(time_period) > 4
),
partly_known AS (
    SELECT gone.*, CAST(country AS VARCHAR) AS country
    FROM gone
    LEFT JOIN country_of_any ON CAST(country_of_any.ref_area AS VARCHAR) = gone.ref_area
    WHERE gone.measure IS NULL OR gone.code_id IS NULL OR gone.ref_area IS NULL OR gone.time_period IS NULL
        OR gone.time_period IN (SELECT year FROM within_year)
),
agreeing AS (
    SELECT part.number, base.stage, base.counting_unit, base.iccs, coalesce(part.ref_area, base.ref_area) AS ref_area,
        base.time_period, part.records AS records_lost, part.counted AS counted_lost, part.unread AS unread_lost,
        CASE WHEN sum(base.counted) OVER of_row > 0 THEN base.counted / sum(base.counted) OVER of_row
            ELSE base.records / sum(base.records) OVER of_row END AS weight
    FROM partly_known AS part
    JOIN base ON (part.measure IS NULL OR base.measure = part.measure)
        AND (part.code_id IS NULL OR base.code_id = part.code_id AND base.iccs = part.iccs)
        AND (part.ref_area IS NULL OR base.country = part.country)
        AND (part.time_period IS NULL OR part.time_period IN (base.time_period, left(base.time_period, 4)))
    WHERE NOT {{whole_cube}}
    WINDOW of_row AS (PARTITION BY part.number)
    UNION ALL
    SELECT part.number, code.stage, code.counting_unit, coalesce(part.iccs, code.iccs) AS iccs,
        coalesce(part.ref_area, code.country) AS ref_area, period.time_period, part.records, part.counted, part.unread, 1
    FROM partly_known AS part
    JOIN (SELECT DISTINCT measure, stage, counting_unit, code_id, iccs, country FROM base) AS code
        ON (part.measure IS NULL OR code.measure = part.measure)
        AND (part.code_id IS NULL OR code.code_id = part.code_id AND code.iccs = part.iccs)
        AND (code.country = part.country OR part.ref_area IS NULL
            AND code.country NOT IN (SELECT CAST(ref_area AS VARCHAR) FROM given_area))
    JOIN (SELECT DISTINCT measure, time_period FROM base) AS period
        ON period.measure = code.measure AND (part.time_period IS NULL
            OR part.time_period IN (period.time_period, left(period.time_period, 4)))
    WHERE {{whole_cube}} AND NOT EXISTS (
        FROM base AS there
        WHERE there.measure = code.measure AND there.ref_area = part.ref_area AND there.code_id = code.code_id
            AND there.iccs = code.iccs AND there.time_period = period.time_period
    )
),
every AS (
    SELECT stage, counting_unit, iccs, ref_area, time_period, true AS is_lost, records, counted, unread
    FROM gone
    WHERE number NOT IN (SELECT number FROM partly_known)
        OR number NOT IN (SELECT number FROM agreeing) AND NOT EXISTS (
            FROM base
            WHERE {{whole_cube}} AND base.measure = gone.measure AND base.ref_area = gone.ref_area
                AND base.code_id = gone.code_id AND base.iccs = gone.iccs
        )
    UNION ALL
    SELECT stage, counting_unit, iccs, ref_area, time_period, true, records_lost * weight, counted_lost * weight,
        unread_lost * weight
    FROM agreeing
    UNION ALL
    SELECT stage, counting_unit, iccs, ref_area, time_period, false, records, counted, 0
    FROM base
),
above AS (
    SELECT DISTINCT CAST(code AS VARCHAR) AS code, CAST(ancestor AS VARCHAR) AS ancestor FROM climb
    UNION
    SELECT CAST(code AS VARCHAR), CAST(ancestor AS VARCHAR) FROM iccs_ancestor WHERE code NOT IN (SELECT code FROM climb)
),
up AS (
    SELECT CAST(area AS VARCHAR) AS area, CAST(ancestor AS VARCHAR) AS ancestor
    FROM area_ancestor
    WHERE area = ancestor OR ancestor NOT IN (SELECT ref_area FROM given_area)
),
rolled AS (
    SELECT stage, counting_unit, coalesce(above.ancestor, every.iccs) AS iccs, up.ancestor AS ref_area, period,
        sum(records) FILTER (is_lost) AS records_lost, sum(counted) FILTER (is_lost) AS counted_lost,
        sum(unread) AS unread, sum(records) AS records, sum(counted) AS counted
    FROM every
    JOIN up ON up.area = every.ref_area
    LEFT JOIN above ON above.code = every.iccs
    CROSS JOIN unnest(list_distinct([time_period, left(time_period, 4), quarter_of(time_period)])) AS within (period)
    WHERE period IS NOT NULL
    GROUP BY ALL
    HAVING bool_or(is_lost)
),
lost AS (
    SELECT *, CASE WHEN unread > 0 THEN greatest(records_lost / records, coalesce(counted_lost / nullif(counted, 0), 0))
        ELSE coalesce(counted_lost / nullif(counted, 0), 0) END AS share
    FROM rolled
),
published AS (
    SELECT DISTINCT CAST(stage AS VARCHAR) AS stage, CAST(counting_unit AS VARCHAR) AS counting_unit,
        CAST(iccs AS VARCHAR) AS iccs, CAST(ref_area AS VARCHAR) AS ref_area, CAST(time_period AS VARCHAR) AS time_period
    FROM cells
    WHERE EXISTS (FROM gone)
)
SELECT lost.stage, lost.counting_unit, lost.iccs, lost.ref_area, lost.period AS time_period, NULL AS sex, NULL AS age,
    round(share, 9) AS found, {{limit}} AS expected, round(records_lost, 6) AS size,  -- sums: no order of their last digits
    CASE WHEN {{withheld}} THEN share > {{limit}} ELSE share > {{least}} AND share <= {{limit}} END AS failing,
    'about ' || greatest(round(share * 100, 1), 0.1) || ' % of it was rejected' AS detail
FROM lost
JOIN published ON published.stage = lost.stage AND published.counting_unit = lost.counting_unit
    AND published.iccs = lost.iccs AND published.ref_area = lost.ref_area AND published.time_period = lost.period
UNION ALL
SELECT stage, counting_unit, iccs, ref_area, time_period, NULL, NULL, 1, {{limit}}, NULL, true,
    'no row of the area was read, and rows of unknown areas were rejected'
FROM published
WHERE {{withheld}} AND {{events}} AND EXISTS (FROM gone WHERE ref_area IS NULL)
    AND ref_area NOT IN (SELECT up.ancestor FROM base JOIN up ON up.area = base.ref_area)
