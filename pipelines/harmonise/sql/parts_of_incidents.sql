-- Grain: one row for each year and word of a column of days, months or quarters that the source does not read: rows. Of
-- the rows that no exclusion leaves out; times of the day are left away.
-- reads: raw
SELECT {{year}} AS year, regexp_replace(trim({{column}}::VARCHAR), '[ T][0-9]{1,2}:.*$', '') AS word, count(*) AS rows
FROM ({{rows}})
WHERE NOT ({{left_out}}) AND regexp_full_match({{year}}, '(19|20)[0-9][0-9]') AND trim({{column}}::VARCHAR) <> ''
GROUP BY ALL
ORDER BY ALL
LIMIT {{most}}
