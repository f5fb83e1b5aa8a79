-- Grain of made_of: one row for each area and itself, or an area above it that the source does not give itself.
-- Grain of found_effect: one row for each area, category (NULL: all), period and unit with failing cells, and effect. own
-- is false for totals made of such cells: they have the caveat, and the status that the rule declares for totals.
-- A link that is broader or narrower than its category says so on the cells of its areas and years, and above.
-- reads: finding, rule_effect, climb, iccs_ancestor, area_ancestor, given_area, core, core_text, links
-- writes: made_of, found_effect
CREATE OR REPLACE TEMP TABLE made_of AS
SELECT DISTINCT CAST(area AS VARCHAR) AS area, CAST(ancestor AS VARCHAR) AS ancestor
FROM area_ancestor
WHERE area = ancestor OR ancestor NOT IN (SELECT ref_area FROM given_area);

CREATE OR REPLACE TEMP TABLE found_effect AS
WITH found AS (
    SELECT DISTINCT stage, counting_unit, iccs, ref_area, time_period, caveat, dimension, obs_status, withhold, codes,
        totals, periods
    FROM finding
    JOIN rule_effect USING (rule)
    WHERE ref_area IS NOT NULL AND time_period IS NOT NULL
    UNION ALL BY NAME
    SELECT DISTINCT core.stage, core.counting_unit, core.iccs, core.ref_area, left(core.time_period, 4) AS time_period,
        relation_caveat.caveat, '' AS dimension
    FROM core
    JOIN links USING (link)
    JOIN (VALUES {{relations}}) AS relation_caveat (relation, caveat) USING (relation)
    WHERE core.value IS NOT NULL
),
above AS (
    SELECT DISTINCT CAST(code AS VARCHAR) AS code, CAST(ancestor AS VARCHAR) AS ancestor FROM climb
    UNION
    SELECT CAST(code AS VARCHAR), CAST(ancestor AS VARCHAR)
    FROM iccs_ancestor
    WHERE code NOT IN (SELECT code FROM climb)
)
SELECT DISTINCT found.stage, found.counting_unit, coalesce(above.ancestor, found.iccs) AS iccs,
    coalesce(made_of.ancestor, found.ref_area) AS ref_area, found.time_period, caveat, dimension,
    own, CASE WHEN own THEN obs_status ELSE totals END AS obs_status, CASE WHEN own THEN withhold END AS withhold,
    codes, coalesce(periods = 'own', false) AS own_period
FROM found
LEFT JOIN above ON above.code = found.iccs
LEFT JOIN made_of ON made_of.area = found.ref_area
CROSS JOIN LATERAL (
    SELECT coalesce(above.ancestor = found.iccs, true) AND coalesce(made_of.ancestor = found.ref_area, true) AS own
) AS place
