-- A break found where a series has no figure (withheld, or missing for any reason) is one of its next figure: no course may
-- run over it. So for each sex and age by itself, as a year may have its total and no women. Totals made
-- of such cells (also of both sexes and all ages, but for what is found of the split) have its caveat, as of anything found
-- in a part (own is false). A series that has no figure before has no break.
-- Grain of code_published: one row for each series with a break, sex, age, frequency and period: whether any of its cells
-- (those of attributes are taken together) has a figure.
-- Grain of found_break: one row for each finding of a break and period it is in. What is found of the number of unknown
-- persons is a break of theirs alone here: known ones are published only where the share of unknown is within its limit,
-- before and after.
-- Grain of declared_break: one row for each category and first period after a break that the source declares.
-- Grain of late_break: one row for each of these that has its break later than it was found: the caveats of that, if any.
-- reads: cells, gate, found_effect, allocated, category_above, made_of, country_of_any
-- writes: declared_break, found_break, code_published, late_break
CREATE OR REPLACE TEMP TABLE declared_break AS
SELECT iccs, time_period
FROM (
    FROM (SELECT DISTINCT iccs FROM cells) CROSS JOIN (SELECT DISTINCT time_period FROM cells)
) AS cells
WHERE {{breaks}};

CREATE OR REPLACE TEMP TABLE found_break AS
SELECT DISTINCT stage, counting_unit, iccs, ref_area, dimension, of_unknown, caveat, unnest(
    CASE WHEN length(time_period) = 4 AND periods = '' THEN [time_period, time_period || '-01', time_period || '-Q1']
        ELSE [time_period] END
) AS time_period
FROM found_effect
WHERE obs_status = 'B';

CREATE OR REPLACE TEMP TABLE code_published AS
SELECT cells.stage, cells.counting_unit, cells.iccs, cells.ref_area, cells.freq, cells.time_period,
    CAST(cells.sex AS VARCHAR) AS sex, CAST(cells.age AS VARCHAR) AS age, of_sex, of_age,
    bool_or(
        cells.value IS NOT NULL AND withhold_any IS NULL
        AND (allocated.value IS NOT NULL OR allocated.given IS NULL)
        AND (allocated.value IS NOT NULL OR of_sex <> 'known' OR withhold_sex IS NULL)
        AND (allocated.value IS NOT NULL OR of_age <> 'known' OR withhold_age IS NULL)
    ) AS is_published
FROM (SELECT *, {{of_sex}} AS of_sex, {{of_age}} AS of_age FROM cells) AS cells
SEMI JOIN (
    SELECT cells.stage, cells.counting_unit, cells.iccs, cells.ref_area
    FROM (SELECT DISTINCT stage, counting_unit, iccs, ref_area FROM cells) AS cells
    JOIN found_break ON found_break.stage = cells.stage AND found_break.counting_unit = cells.counting_unit
        AND found_break.ref_area = CAST(cells.ref_area AS VARCHAR)
        AND coalesce(found_break.iccs = CAST(cells.iccs AS VARCHAR), true)
    UNION
    SELECT stage, counting_unit, cells.iccs, ref_area
    FROM (SELECT DISTINCT stage, counting_unit, iccs, ref_area FROM cells) AS cells
    JOIN declared_break ON declared_break.iccs = cells.iccs
) AS broken
    ON broken.stage = cells.stage AND broken.counting_unit = cells.counting_unit AND broken.iccs = cells.iccs
    AND broken.ref_area = cells.ref_area
LEFT JOIN allocated ON {{same_cell}}
LEFT JOIN gate
    ON gate.stage = cells.stage AND gate.counting_unit = cells.counting_unit AND gate.iccs = cells.iccs
    AND gate.ref_area = cells.ref_area AND gate.time_period = cells.time_period
    AND gate.all_sexes = (of_sex = 'all') AND gate.all_ages = (of_age = 'all')
GROUP BY ALL;

CREATE OR REPLACE TEMP TABLE late_break AS
WITH codes AS (
    SELECT DISTINCT stage, counting_unit, iccs, ref_area, freq, sex, age, of_sex, of_age FROM code_published
),
broken AS (
    SELECT codes.*, periods.time_period, caveat, dimension <> '' AS of_split
    FROM found_break AS found
    JOIN codes ON found.stage = codes.stage AND found.counting_unit = codes.counting_unit
        AND found.ref_area = CAST(codes.ref_area AS VARCHAR) AND coalesce(found.iccs = CAST(codes.iccs AS VARCHAR), true)
    JOIN (SELECT DISTINCT time_period FROM code_published) AS periods
        ON CAST(periods.time_period AS VARCHAR) = found.time_period
    WHERE (dimension <> 'sex' OR of_sex <> 'all') AND (dimension <> 'age' OR of_age <> 'all')
        AND (NOT of_unknown OR 'unknown' IN (of_sex, of_age))
    UNION ALL
    SELECT codes.*, time_period, '' AS caveat, false AS of_split
    FROM declared_break
    JOIN codes USING (iccs)
),
late AS (
    SELECT broken.stage, broken.counting_unit, broken.iccs, broken.ref_area, freq, sex, age, caveat, of_split,
        min(published.time_period) FILTER (published.time_period >= broken.time_period) AS first_period
    FROM broken
    JOIN code_published AS published USING (stage, counting_unit, iccs, ref_area, freq, sex, age)
    WHERE is_published
        AND freq = CASE WHEN broken.time_period LIKE '%-Q%' THEN 'Q' WHEN broken.time_period LIKE '%-%' THEN 'M' ELSE 'A' END
    GROUP BY broken.stage, broken.counting_unit, broken.iccs, broken.ref_area, freq, sex, age, caveat, of_split,
        broken.time_period
    HAVING first_period > broken.time_period AND min(published.time_period) < broken.time_period
)
SELECT stage, counting_unit, coalesce(above.ancestor, CAST(iccs AS VARCHAR)) AS iccs,
    coalesce(made_of.ancestor, CAST(late.ref_area AS VARCHAR)) AS ref_area, freq, first_period AS time_period,
    sexes.sex, ages.age, bool_or(own AND sexes.sex = late.sex AND ages.age = late.age) AS own,
    coalesce(string_agg(DISTINCT caveat, ';' ORDER BY caveat) FILTER (caveat <> ''), '') AS caveats
FROM late
LEFT JOIN country_of_any ON country_of_any.ref_area = late.ref_area
LEFT JOIN category_above AS above
    ON above.code = CAST(late.iccs AS VARCHAR) AND above.country = CAST(country_of_any.country AS VARCHAR)
LEFT JOIN made_of ON made_of.area = CAST(late.ref_area AS VARCHAR)
CROSS JOIN LATERAL (
    SELECT coalesce(above.ancestor = late.iccs, true) AND coalesce(made_of.ancestor = late.ref_area, true) AS own
) AS place
CROSS JOIN LATERAL (SELECT unnest(if(of_split, [late.sex], [late.sex, '_T'])) AS sex) AS sexes
CROSS JOIN LATERAL (SELECT unnest(if(of_split, [late.age], [late.age, '_T'])) AS age) AS ages
GROUP BY ALL
