-- Grain: one row for each category and area for which the file gives regions and a place not stated: in how many periods
-- the place not stated equals the sum of all regions, as a total does (nearly: a printed total may be rounded, or include
-- what some region does not show).
-- needs: 2 areas
-- reads: area_ancestor, core
WITH place AS (
    SELECT CAST(area AS VARCHAR) AS area, CAST(ancestor AS VARCHAR) AS ancestor, CAST(area_level AS VARCHAR) AS area_level,
        CAST(area AS VARCHAR) = ancestor || '-_U' AS is_unknown
    FROM area_ancestor
    WHERE area <> ancestor AND (area_level <> 'not_stated' OR CAST(area AS VARCHAR) = ancestor || '-_U')
),
line AS (
    SELECT stage, counting_unit, iccs, national_code, ancestor, time_period, sex, age, place.area_level, is_unknown,
        sum(value) AS value
    FROM core
    JOIN place ON place.area = CAST(core.ref_area AS VARCHAR)
    GROUP BY ALL
),
compared AS (
    SELECT unknown.stage, unknown.counting_unit, unknown.iccs, unknown.ancestor, unknown.value AS unknown, known.value AS known,
        abs(unknown.value - known.value) <= {{tolerance}} * known.value AS is_total
    FROM line AS unknown
    JOIN line AS known USING (stage, counting_unit, iccs, national_code, ancestor, time_period, sex, age)
    WHERE unknown.is_unknown AND NOT known.is_unknown AND unknown.value > 0 AND known.value > 0
)
SELECT stage, counting_unit, iccs, ancestor AS ref_area, NULL AS time_period, NULL AS sex, NULL AS age,
    avg(CAST(is_total AS INTEGER)) AS found, {{least_share}} AS expected, found >= {{least_share}} AS failing,
    'the figure with no stated region equals that of all regions in ' || count(*) FILTER (is_total) || ' of ' || count(*)
        || ' figures, such as ' || number_text(any_value(unknown) FILTER (is_total)) AS detail
FROM compared
GROUP BY ALL
HAVING count(*) >= {{least_checked}} AND sum(known) >= {{least_count}}
