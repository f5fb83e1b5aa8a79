-- Grain of area_category: one row for each source, stage, counting unit, category and area: counts and persons of all years,
-- of both sexes and all ages where the source has them together; innermost if no other category of the source is inside it.
-- Grain of area_off: one row for each source, stage, counting unit and area that can be compared: its rates against the
-- middle rate of the areas of its level and country, as logarithms. usual is the middle of how far areas are off; near is
-- how far off the area is at least in three of four categories. Only innermost categories are compared.
-- Grain of area_off_above: one row for each category of an area that such an area is in, and whose own count would be
-- another one by more than a share of it.
-- reads: out.rate, out.area
-- writes: area_category, area_off, area_off_above
CREATE OR REPLACE TEMP TABLE area_category AS
WITH whole AS (
    SELECT source, stage, counting_unit, CAST(iccs AS VARCHAR) AS iccs, sex, age, CAST(ref_area AS VARCHAR) AS ref_area,
        CAST(area_level AS VARCHAR) AS area_level, value, population, population_source,
        CAST(sex = '_T' AS INTEGER) + CAST(age = '_T' AS INTEGER) AS together
    FROM out.rate
    WHERE value IS NOT NULL AND sex NOT IN ('_U', '_Z') AND age NOT IN ('_U', '_Z') {{no_attributes}}
    QUALIFY together = max(together) OVER (PARTITION BY source, stage, counting_unit)
),
category AS (
    SELECT DISTINCT source, stage, counting_unit, iccs FROM whole
),
innermost AS (
    FROM category
    ANTI JOIN category AS inside
        ON inside.source = category.source AND inside.stage = category.stage AND inside.counting_unit = category.counting_unit
        AND inside.iccs <> category.iccs AND starts_with(inside.iccs, category.iccs)
)
SELECT source, stage, counting_unit, iccs, sex, age, ref_area, area_level,
    CASE WHEN area_level = 'country' THEN '' ELSE left(ref_area, 2) END AS country,
    (source, stage, counting_unit, iccs) IN (SELECT (source, stage, counting_unit, iccs) FROM innermost) AS innermost,
    sum(value) AS counted, sum(value) FILTER (population > 0) AS events, sum(population) FILTER (population > 0) AS persons,
    max(population_source) AS population_source
FROM whole
GROUP BY ALL;

CREATE OR REPLACE TEMP TABLE area_off AS
WITH rate AS (
    SELECT *, median((events + 0.5) / persons) OVER areas AS middle
    FROM area_category
    WHERE innermost AND persons > 0
    WINDOW areas AS (PARTITION BY source, stage, counting_unit, iccs, sex, age, area_level, country)
),
compared AS (  -- of few events and few expected, chance decides
    SELECT *, ln((events + 0.5) / persons / middle) AS off
    FROM rate
    WHERE greatest(events, persons * middle) >= {{least_count}}
    QUALIFY count(*) OVER (PARTITION BY source, stage, counting_unit, iccs, sex, age, area_level, country) >= {{least_areas}}
),
area AS (
    SELECT source, stage, counting_unit, area_level, country, ref_area, count(*) AS categories, median(off) AS off,
        CASE WHEN median(off) > 0 THEN quantile_cont(off, 0.25) ELSE -quantile_cont(off, 0.75) END AS near,
        max(population_source) AS population_source
    FROM compared
    GROUP BY ALL
)
SELECT *, 1.4826 * median(abs(off)) OVER areas AS usual,
    abs(off) >= greatest(ln({{times}}), usual * CASE area_level WHEN 'country' THEN {{deviations_country}} ELSE {{deviations}} END)
        AND near >= ln({{times_in_most}}) AS failing
FROM area
WHERE area_level <> 'country' OR categories >= {{least_categories_country}}
WINDOW areas AS (PARTITION BY source, stage, counting_unit, area_level, country)
QUALIFY count(*) OVER areas >= {{least_areas}};

CREATE OR REPLACE TEMP TABLE area_off_above AS
WITH RECURSIVE above AS (
    SELECT code AS area, parent AS ancestor FROM out.area WHERE parent IS NOT NULL
    UNION ALL
    SELECT above.area, area.parent
    FROM above
    JOIN out.area AS area ON area.code = above.ancestor
    WHERE area.parent IS NOT NULL
),
counted AS (
    SELECT source, stage, counting_unit, iccs, ref_area, sum(counted) AS counted FROM area_category GROUP BY ALL
)
SELECT DISTINCT source, stage, counting_unit, iccs, whole.ref_area
FROM area_off
JOIN above ON CAST(above.area AS VARCHAR) = area_off.ref_area
JOIN counted AS part USING (source, stage, counting_unit, ref_area)
JOIN counted AS whole USING (source, stage, counting_unit, iccs)
WHERE area_off.failing AND whole.ref_area = CAST(above.ancestor AS VARCHAR)
    AND part.counted * abs(exp(-off) - 1) > {{most_of_total}} * whole.counted
