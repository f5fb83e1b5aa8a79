-- Grain: one row for the file (with how many rows were compared, how many differ, and totals and parts of the rows whose
-- total is above zero), then one for each raw row whose parts differ from its total (at most 20). A row with counts in
-- its parts and no number as total differs too; one without either (an offence without victims) does not.
WITH compared AS (
    SELECT _file, _row, coalesce({{total}}, 0) AS total, {{parts}} AS parts
    FROM {{rows}}
    WHERE {{total}} IS NOT NULL OR {{parts}} <> 0
)
(SELECT any_value(_file), NULL, sum(total),
    sum(total) + sum(CASE WHEN abs(parts - total) > {{tolerance}} THEN parts - total ELSE 0 END),
    count(*), count(*) FILTER (abs(parts - total) > {{tolerance}}),
    sum(total) FILTER (total > 0), sum(parts) FILTER (total > 0)
FROM compared HAVING count(*) > 0)
UNION ALL
(SELECT _file, _row, total, parts, 0, 0, NULL, NULL FROM compared WHERE abs(parts - total) > {{tolerance}} ORDER BY _row LIMIT 20)
