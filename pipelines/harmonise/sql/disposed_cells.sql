-- Grain: one row for each measure, disposition and rule, as disposed.sql makes it of incidents: how many raw rows, cells
-- and counts it has. A raw row with several cells counts once: as rejected if any of its cells is, else as used if any
-- is, else as left out.
WITH
{{judged}},
named AS (
    SELECT judged.*, CASE WHEN disposition = 'rejected' THEN '' ELSE coalesce(rule, '') END AS named_rule
    FROM judged
),
raw_row AS (
    SELECT measure, stage, counting_unit, max({
        'rank': CASE disposition WHEN 'rejected' THEN 3 WHEN 'used' THEN 2 ELSE 1 END,
        'disposition': disposition,
        'rule': named_rule
    }) AS first
    FROM named
    GROUP BY measure, stage, counting_unit, _file, _sheet, _row
)
SELECT measure, stage, counting_unit, first.disposition AS disposition, first.rule AS rule, '' AS column_name,
    count(*) AS raw_rows, 0 AS cells, 0 AS missing, 0.0 AS counted
FROM raw_row
GROUP BY ALL
UNION ALL
SELECT measure, stage, counting_unit, disposition, named_rule, '', 0, count(*),
    count(*) FILTER (disposition = 'used' AND value IS NULL), coalesce(sum(value), 0.0)
FROM named
GROUP BY ALL
{% for rule, column, condition in rules %}
UNION ALL
SELECT measure, stage, counting_unit, 'broken', {{rule}}, {{column}}, count(*),
    count(*), 0, coalesce(sum(value), 0)
FROM judged
WHERE {{condition}}
GROUP BY ALL
{% endfor %}
