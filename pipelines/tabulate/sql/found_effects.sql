-- Grain of made_of: one row for each area and itself, or an area above it that the source does not give itself.
-- Grain of found_effect: one row for each area, category (NULL: all), period and unit with failing cells, and effect. own
-- is false for totals made of such cells: they have the caveat, and the status that the rule declares for totals.
-- What a link says of its figures (its relation, the caveats that its row names) is on the cells of its country in the
-- years with figures, also of areas without any such offence: the definition is that of the series.
-- Grain of part_of_category: one row for each category and list of children that is not all of its children. What is made
-- of such a category is a part too.
-- reads: finding, iccs_parent, rule_effect, climb, iccs_ancestor, area_ancestor, given_area,
--   country_of, country_of_any, core, links, cells
-- writes: made_of, part_of_category, found_effect
CREATE OR REPLACE TEMP TABLE made_of AS
SELECT DISTINCT CAST(area AS VARCHAR) AS area, CAST(ancestor AS VARCHAR) AS ancestor
FROM area_ancestor
WHERE area = ancestor OR ancestor NOT IN (SELECT ref_area FROM given_area);

CREATE OR REPLACE TEMP TABLE part_of_category AS
SELECT iccs, iccs_made_from, 'part_of_category' AS caveat
FROM (SELECT DISTINCT iccs, iccs_made_from FROM cells WHERE iccs_made_from <> '' AND iccs_made_from NOT LIKE '%=%')
WHERE EXISTS (
    FROM iccs_parent
    WHERE parent = iccs AND NOT list_contains(string_split(CAST(iccs_made_from AS VARCHAR), ';'), iccs_parent.code)
);

CREATE OR REPLACE TEMP TABLE found_effect AS
WITH judged AS (
    SELECT DISTINCT stage, counting_unit, iccs, ref_area, time_period, caveat, dimension, obs_status, withhold, codes,
        totals, periods
    FROM finding
    JOIN rule_effect USING (rule)
    WHERE ref_area IS NOT NULL AND time_period IS NOT NULL
    UNION ALL BY NAME
    SELECT said.* EXCLUDE (country), published.ref_area, '' AS dimension
    FROM (
        SELECT DISTINCT core.stage, core.counting_unit, core.iccs, country_of.country,
            left(core.time_period, 4) AS time_period, link.caveat
        FROM core
        JOIN (SELECT link, unnest(string_split(caveats, ';')) AS caveat FROM links) AS link USING (link)
        JOIN country_of USING (ref_area)
        WHERE core.value IS NOT NULL
    ) AS said
    JOIN country_of_any AS published USING (country)
    WHERE published.ref_area IN (SELECT DISTINCT ref_area FROM cells)
    UNION ALL BY NAME
    SELECT DISTINCT stage, counting_unit, iccs, ref_area, time_period, caveat, '' AS dimension
    FROM cells
    JOIN part_of_category USING (iccs, iccs_made_from)
    WHERE freq = 'A' AND value IS NOT NULL
),
withheld AS (
    SELECT DISTINCT stage, counting_unit, iccs, ref_area, left(time_period, 4) AS year
    FROM judged
    WHERE withhold IS NOT NULL AND codes IS NULL AND (length(time_period) = 4 OR periods IS NULL)
),
hidden AS (
    SELECT DISTINCT judged.*
    FROM judged
    JOIN withheld ON withheld.stage = judged.stage AND withheld.counting_unit = judged.counting_unit
        AND withheld.ref_area = judged.ref_area AND withheld.year = judged.time_period
        AND coalesce(withheld.iccs = judged.iccs, true)
    WHERE judged.obs_status = 'B'
),
-- A break found in a year that is withheld is one of the next year that has a figure: no course may run over it.
found AS (
    FROM judged
    UNION ALL BY NAME
    SELECT hidden.* REPLACE (min(annual.year) AS time_period)
    FROM hidden
    JOIN (SELECT DISTINCT CAST(time_period AS VARCHAR) AS year FROM cells WHERE freq = 'A') AS annual
        ON annual.year > hidden.time_period
    WHERE NOT EXISTS (
        FROM withheld
        WHERE withheld.stage = hidden.stage AND withheld.counting_unit = hidden.counting_unit
            AND withheld.ref_area = hidden.ref_area AND withheld.year = annual.year
            AND coalesce(withheld.iccs = hidden.iccs, true)
    )
    GROUP BY ALL
),
above AS (
    SELECT DISTINCT CAST(country AS VARCHAR) AS country, CAST(code AS VARCHAR) AS code,
        CAST(ancestor AS VARCHAR) AS ancestor
    FROM climb
    UNION
    SELECT CAST(country AS VARCHAR), CAST(code AS VARCHAR), CAST(ancestor AS VARCHAR)
    FROM iccs_ancestor
    CROSS JOIN (SELECT DISTINCT country FROM climb)
    WHERE (country, code) NOT IN (SELECT (country, code) FROM climb)
)
SELECT DISTINCT found.stage, found.counting_unit, coalesce(above.ancestor, found.iccs) AS iccs,
    coalesce(made_of.ancestor, found.ref_area) AS ref_area, found.time_period, caveat, dimension,
    own, CASE WHEN own THEN obs_status ELSE totals END AS obs_status, CASE WHEN own THEN withhold END AS withhold,
    codes, coalesce(periods, '') AS periods
FROM found
LEFT JOIN country_of_any ON CAST(country_of_any.ref_area AS VARCHAR) = found.ref_area
LEFT JOIN above ON above.code = found.iccs AND above.country = CAST(country_of_any.country AS VARCHAR)
LEFT JOIN made_of ON made_of.area = found.ref_area
CROSS JOIN LATERAL (
    SELECT coalesce(above.ancestor = found.iccs, true) AND coalesce(made_of.ancestor = found.ref_area, true) AS own
) AS place
