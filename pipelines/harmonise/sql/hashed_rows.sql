-- Grain: one row for each incident of a partition that no exclusion leaves out: the hash of its columns, without personal
-- columns, capitals, accents and blanks; the hash of the columns that distinguish rows; the hash of its identifier, and of
-- its identifier in canonical form; and its place. The table lives as long as the connection.
-- reads: raw
-- writes: hashed
CREATE OR REPLACE TEMP TABLE hashed AS
SELECT hash([{{content}}]) AS content, hash([{{narrow}}]) AS narrow, hash({{identifier}}) AS id, hash({{near}}) AS near, {{identifier}} IS NULL AS is_blank,
    {{header}} + _number AS _row
FROM ({{rows}})
WHERE NOT ({{left_out}})
