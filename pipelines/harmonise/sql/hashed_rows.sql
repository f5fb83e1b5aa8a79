-- Grain: one row for each incident of a partition that no exclusion leaves out: the hash of its columns, without
-- personal ones, capitals, accents and blanks, that of the columns that tell rows apart, that of its identifier, also without what
-- makes no other number, and its place. The table lives as long as the connection.
-- reads: raw
-- writes: hashed
CREATE OR REPLACE TEMP TABLE hashed AS
SELECT hash([{{content}}]) AS content, hash([{{narrow}}]) AS narrow, hash({{identifier}}) AS id, hash({{near}}) AS near, {{identifier}} IS NULL AS is_blank,
    {{header}} + _number AS _row
FROM ({{rows}})
WHERE NOT ({{left_out}})
