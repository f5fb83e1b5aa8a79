-- Grain of excluded: one row for each cell left out. Grain of mapped: one row for each link, measure, year and sex.
-- Grain of core: one row for each used cell and link that holds in its period. A national code that is split goes to
-- several ICCS categories by weight, and is then an estimate (E) if no stronger status holds. Populations have no ICCS category.
-- A link must be valid for all of the cell's period.
-- reads: cells, link, rejected
-- writes: linked, period, rejected, used
CREATE TEMP VIEW used AS
SELECT cells.*
FROM cells
ANTI JOIN read_parquet({{rejected_before}}) AS before USING (cell)
WHERE exclusion IS NULL;

CREATE TEMP TABLE period AS
SELECT time_period, first_day_of(time_period, freq) AS first_day, last_day_of(time_period, freq) AS last_day
FROM (SELECT DISTINCT time_period, freq FROM used);

CREATE TEMP VIEW linked AS
SELECT
    used.cell, used._file, used._sheet, used._row, used.measure, used.stage, used.counting_unit, used.national_code,
    used.national_label, used.ref_area, used.area_level, used.time_period, used.freq, used.value, used.obs_status,
    {{filled}},
    link.link,
    link.iccs_code AS iccs,
    coalesce(link.weight, 1) AS weight,
    link.out_of_scope,
    {{conflicts}} AS conflict
FROM used
JOIN period ON period.time_period = used.time_period
LEFT JOIN link
    ON link.national_code = used.national_code
    AND link.first_day <= period.first_day
    AND link.last_day >= period.last_day;

COPY (
    SELECT cell, exclusion AS rule
    FROM cells
    WHERE exclusion IS NOT NULL
    UNION ALL
    SELECT DISTINCT cell, 'out_of_scope_' || out_of_scope
    FROM linked
    WHERE out_of_scope IS NOT NULL
) TO {{excluded}} (FORMAT parquet, COMPRESSION snappy);

CREATE TEMP TABLE rejected AS
FROM read_parquet({{rejected_before}})
UNION ALL BY NAME
SELECT cell, _file, _sheet, _row, 'unlinked_national_code' AS rule, {{code_column}} AS column_name,
    national_code AS bad_value, value AS number
FROM linked
WHERE link IS NULL AND NOT {{population}}
UNION ALL BY NAME
SELECT DISTINCT cell, _file, _sheet, _row, 'implied_tag_conflict' AS rule, {{code_column}} AS column_name,
    national_code AS bad_value, value AS number
FROM linked
WHERE conflict;

COPY (
    SELECT link, measure, stage, counting_unit, left(time_period, 4) AS time_period, sex, sum(value * weight) AS count
    FROM linked
    ANTI JOIN rejected USING (cell)
    WHERE link IS NOT NULL
    GROUP BY ALL
) TO {{mapped}} (FORMAT parquet, COMPRESSION snappy);

COPY (
    SELECT
        linked.* EXCLUDE (out_of_scope, conflict, value, obs_status),
        value * weight AS value,
        CASE WHEN weight < 1 AND value IS NOT NULL THEN weaker_status('E', obs_status) ELSE obs_status END AS obs_status
    FROM linked
    ANTI JOIN rejected USING (cell)
    WHERE out_of_scope IS NULL
) TO {{core}} (FORMAT parquet, COMPRESSION snappy)
