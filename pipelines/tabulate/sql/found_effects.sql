-- Grain of made_of: one row for each area and itself, or an area above it that the source does not give itself.
-- Grain of found_effect: one row for each area, category (NULL: all), period and unit with failing cells, and effect. own
-- is false for totals made of such cells: they have the caveat, and the status that the rule declares for totals.
-- What a link says of its figures (its relation, the caveats that its row names) is on the cells of its country in the
-- years with figures, also of areas without any such offence: the definition is that of the series.
-- Grain of category_above: one row for each country, category and category it is added to, or may be part of.
-- Grain of part_of_category: one row for each category and list of children that is not all of its children. What is made
-- of such a category is a part too.
-- reads: finding, iccs_parent, rule_effect, climb, iccs_ancestor, area_ancestor, given_area,
--   country_of, country_of_any, core, links, cells
-- writes: made_of, category_above, part_of_category, found_effect
CREATE OR REPLACE TEMP TABLE made_of AS
SELECT DISTINCT CAST(area AS VARCHAR) AS area, CAST(ancestor AS VARCHAR) AS ancestor
FROM area_ancestor
WHERE area = ancestor OR ancestor NOT IN (SELECT ref_area FROM given_area);

CREATE OR REPLACE TEMP TABLE category_above AS
SELECT DISTINCT CAST(country AS VARCHAR) AS country, CAST(code AS VARCHAR) AS code,
    CAST(ancestor AS VARCHAR) AS ancestor
FROM climb
UNION
SELECT CAST(country AS VARCHAR), CAST(code AS VARCHAR), CAST(ancestor AS VARCHAR)
FROM iccs_ancestor
CROSS JOIN (SELECT DISTINCT country FROM climb)
WHERE (country, code) NOT IN (SELECT (country, code) FROM climb);

CREATE OR REPLACE TEMP TABLE part_of_category AS
SELECT iccs, iccs_made_from, 'part_of_category' AS caveat
FROM (SELECT DISTINCT iccs, iccs_made_from FROM cells WHERE iccs_made_from <> '' AND iccs_made_from NOT LIKE '%=%')
WHERE EXISTS (
    FROM iccs_parent
    WHERE parent = iccs AND NOT list_contains(string_split(CAST(iccs_made_from AS VARCHAR), ';'), iccs_parent.code)
);

CREATE OR REPLACE TEMP TABLE found_effect AS
WITH judged AS (
    SELECT DISTINCT finding.stage, finding.counting_unit, iccs, coalesce(finding.ref_area, everywhere.ref_area) AS ref_area,
        coalesce(finding.time_period, always.year) AS time_period, caveat, dimension, of_unknown, obs_status, withhold, codes, totals, periods
    FROM finding
    JOIN rule_effect USING (rule)
    LEFT JOIN (  -- what is found of no area is found of all: of the age bands of a year
        SELECT DISTINCT CAST(stage AS VARCHAR) AS stage, CAST(counting_unit AS VARCHAR) AS counting_unit,
            CAST(ref_area AS VARCHAR) AS ref_area
        FROM cells
    ) AS everywhere ON finding.ref_area IS NULL AND everywhere.stage = finding.stage
        AND everywhere.counting_unit = finding.counting_unit
    LEFT JOIN (  -- and what is found of no period, of every year
        SELECT DISTINCT CAST(stage AS VARCHAR) AS stage, CAST(counting_unit AS VARCHAR) AS counting_unit,
            left(CAST(time_period AS VARCHAR), 4) AS year
        FROM cells
    ) AS always ON finding.time_period IS NULL AND always.stage = finding.stage
        AND always.counting_unit = finding.counting_unit
    WHERE coalesce(finding.time_period, always.year) IS NOT NULL
        AND coalesce(finding.ref_area, everywhere.ref_area) IS NOT NULL
    UNION ALL BY NAME
    SELECT of_links.* EXCLUDE (country), published.ref_area, '' AS dimension
    FROM (
        SELECT DISTINCT core.stage, core.counting_unit, core.iccs, country_of.country,
            left(core.time_period, 4) AS time_period, link.caveat
        FROM core
        JOIN (SELECT link, unnest(string_split(caveats, ';')) AS caveat FROM links) AS link USING (link)
        JOIN country_of USING (ref_area)
        WHERE core.value IS NOT NULL
    ) AS of_links
    JOIN country_of_any AS published USING (country)
    WHERE published.ref_area IN (SELECT DISTINCT ref_area FROM cells)
    UNION ALL BY NAME
    SELECT DISTINCT stage, counting_unit, iccs, ref_area, time_period, caveat, '' AS dimension
    FROM cells
    JOIN part_of_category USING (iccs, iccs_made_from)
    WHERE freq = 'A' AND value IS NOT NULL
)
SELECT DISTINCT judged.stage, judged.counting_unit, coalesce(above.ancestor, judged.iccs) AS iccs,
    coalesce(made_of.ancestor, judged.ref_area) AS ref_area, judged.time_period, caveat, dimension,
    coalesce(of_unknown, false) AS of_unknown, own, CASE WHEN own THEN obs_status ELSE totals END AS obs_status, CASE WHEN own THEN withhold END AS withhold,
    codes, coalesce(periods, '') AS periods
FROM judged
LEFT JOIN country_of_any ON CAST(country_of_any.ref_area AS VARCHAR) = judged.ref_area
LEFT JOIN category_above AS above ON above.code = judged.iccs AND above.country = CAST(country_of_any.country AS VARCHAR)
LEFT JOIN made_of ON made_of.area = judged.ref_area
CROSS JOIN LATERAL (
    SELECT coalesce(above.ancestor = judged.iccs, true) AND coalesce(made_of.ancestor = judged.ref_area, true) AS own
) AS place
