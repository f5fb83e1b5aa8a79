-- Grain: one row for each sex of a measure whose figures can be compared over areas of very different size: in how many
-- codes and years they are all alike, up to a hundred, while those of the other sex differ as the areas do. That is what a
-- share in percent does, and no count.
-- needs: sex, {{least_areas}} areas
-- reads: core
WITH figure AS (
    SELECT stage, counting_unit, national_code, time_period, ref_area, sex, sum(value) AS value
    FROM core
    WHERE sex IN ('M', 'F') AND area_level = 'admin1'
    GROUP BY ALL
    HAVING count(value) = count(*) AND sum(value) > 0
),
spread AS (
    SELECT stage, counting_unit, national_code, time_period, sex, count(*) AS areas, max(value) AS largest,
        max(value) / min(value) AS times
    FROM figure
    GROUP BY ALL
    HAVING count(*) >= {{least_areas}}
),
compared AS (
    SELECT one.stage, one.counting_unit, one.sex, one.largest <= 100 AND one.times <= {{most_alike}} AS is_alike,
        other.times AS other_times
    FROM spread AS one
    JOIN spread AS other USING (stage, counting_unit, national_code, time_period)
    WHERE one.sex <> other.sex AND other.times >= {{least_times}}
)
SELECT stage, counting_unit, NULL AS iccs, NULL AS ref_area, NULL AS time_period, sex, NULL AS age,
    avg(CAST(is_alike AS INTEGER)) AS found, 0 AS expected, found >= {{least_share}} AS failing,
    'all areas have nearly the same figure, up to 100, in ' || count(*) FILTER (is_alike) || ' of ' || count(*)
        || ' codes and periods; that of the other sex differs by a factor of ' || number_text(round(median(other_times))) AS detail
FROM compared
GROUP BY stage, counting_unit, sex
HAVING count(*) >= {{least_checked}}
