-- Grain of area_ancestor: one row for each area and each area above it or itself. Grain of iccs_ancestor: the same for
-- categories; via is the child on the way, '=' for itself. As before, with their codes as types.
-- reads: area_ancestor, iccs_ancestor
-- writes: area_ancestor, iccs_ancestor
CREATE OR REPLACE TEMP TABLE area_ancestor AS
SELECT CAST(area AS ref_area_code) AS area, CAST(area_level AS area_level_code) AS area_level,
    CAST(ancestor AS ref_area_code) AS ancestor, CAST(ancestor_level AS area_level_code) AS ancestor_level
FROM area_ancestor;
CREATE OR REPLACE TEMP TABLE iccs_ancestor AS
SELECT CAST(code AS iccs_code) AS code, CAST(ancestor AS iccs_code) AS ancestor, via
FROM iccs_ancestor
