-- out.counts_by_period(freq): monthly (and quarterly) counts added up to quarters ('Q') or years ('A'). A period has a
-- value only if all of its months or quarters have one; periods_there is the number that have.
-- Persons on a day (stocks in out.source) are not added up: they have no row.
-- iccs_made_from has each composition of the parts, separated by ' | '. rollup: complete or incomplete. made_from_freq: M or Q.
-- Grain: one row for each series of months (or quarters) and longer period.
-- reads: out.observation, out.source
CREATE OR REPLACE MACRO out.counts_by_period(freq) AS TABLE
WITH asked AS (
    SELECT CASE WHEN freq IN ('A', 'Q') THEN freq ELSE error('counts_by_period: freq is ''A'' or ''Q''') END AS longer
),
part AS (
    SELECT cell.* EXCLUDE (freq, time_period), cell.freq AS made_from_freq,
        CASE WHEN longer = 'A' THEN left(cell.time_period, 4)
            ELSE out.quarter_of(cell.time_period) END AS time_period,
        CASE WHEN cell.freq = 'Q' THEN 4 WHEN longer = 'A' THEN 12 ELSE 3 END AS periods
    FROM out.observation AS cell
    CROSS JOIN asked
    LEFT JOIN (SELECT source, stocks FROM out.source) AS about ON about.source = cell.source
    WHERE (cell.freq = 'M' OR (cell.freq = 'Q' AND longer = 'A'))
        AND NOT coalesce(list_contains(string_split(about.stocks, ';'), concat(cell.stage, ' ', cell.counting_unit)), false)
),
added AS (
    SELECT source, vintage, ref_area, area_level, time_period, made_from_freq, iccs, stage, counting_unit, sex, age,
        {{attributes}}, periods,
        sum(value) AS total, count(value) AS periods_there, out.weakest_status(obs_status) AS status,
        out.merge_caveats(caveats) AS caveats,
        out.merge_compositions(iccs_made_from) AS iccs_made_from
    FROM part
    GROUP BY ALL
)
SELECT source, vintage, ref_area, area_level, time_period, made_from_freq, iccs, iccs_made_from, stage, counting_unit,
    sex, age, {{attributes}},
    CASE WHEN periods_there = periods THEN total END AS value,
    CASE WHEN periods_there < periods THEN 'O' ELSE status END AS obs_status,
    periods_there, periods,
    CASE WHEN periods_there = periods THEN 'complete' ELSE 'incomplete' END AS rollup,
    caveats
FROM added
