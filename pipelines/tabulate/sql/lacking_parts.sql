-- Cells that differ in one dimension alone are a line: its parts add up to a total. Grain: one row for each line that
-- lacks a part which the source gives for it elsewhere, with the share of the parts that it has.
-- Elsewhere is the same country alone: in the same period, and where one_list is false (ages, whose bands may differ
-- between areas and change) only in lines that have all the parts of this one and more, in any period. Both sexes
-- belong to a total wherever the source has both in a category. Persons of unknown or another sex, or unknown age, need not
-- be in a line, and a line of them alone is whole: the source does not divide it. Of what has no stated place only what
-- there is is written.
-- A part that a line lacks is no zero: base gets a row for it that has no value, so that it is missing by itself and in
-- every sum that would hold it. present is NULL there: how much of the line there is is said by its share.
-- reads: base, country_of
-- writes: {{table}}, base
CREATE OR REPLACE TEMP TABLE {{table}} AS
WITH line AS (
    SELECT country, stage, counting_unit, iccs, national_code, ref_area, area_level, time_period{{others}},
        bitstring_agg(enum_code({{dimension}})::INTEGER, 0, {{codes}})
            FILTER ({{dimension}} NOT IN ('_U', '_O', '_Z', {{total}})) AS parts
    FROM base
    JOIN country_of USING (ref_area)
    WHERE area_level <> 'not_stated' {{others_known}}
    GROUP BY ALL
    HAVING parts IS NOT NULL
),
kind AS (
    SELECT DISTINCT country, stage, counting_unit, iccs, national_code, area_level, time_period{{others}}, parts
    FROM line
),
wider AS (
    SELECT kind.*, bit_or(other.parts) AS whole
    FROM kind
    JOIN kind AS other USING (country, stage, counting_unit, iccs, national_code, area_level{{same_list}}{{others}})
    WHERE {{one_list}} OR bit_count(kind.parts & other.parts) = bit_count(kind.parts)
    GROUP BY ALL
),
sexes AS (
    SELECT stage, counting_unit, iccs, national_code, bit_or(parts) AS whole
    FROM kind
    GROUP BY ALL
),
needed AS (
    SELECT wider.* REPLACE (wider.whole | CASE WHEN {{both_sexes}} THEN sexes.whole ELSE wider.whole END AS whole)
    FROM wider
    JOIN sexes USING (stage, counting_unit, iccs, national_code)
)
SELECT line.* EXCLUDE (country, area_level, parts), bit_count(line.parts) / bit_count(needed.whole) AS {{share}},
    needed.whole & ~line.parts AS missing
FROM line
JOIN needed USING (country, stage, counting_unit, iccs, national_code, area_level, time_period{{others}}, parts)
WHERE bit_count(line.parts) < bit_count(needed.whole);

INSERT INTO base BY NAME
SELECT lacking.* EXCLUDE ({{share}}, missing), area_level, part.code AS {{dimension}}
FROM {{table}} AS lacking
JOIN (SELECT DISTINCT ref_area, area_level FROM base) AS area USING (ref_area)
JOIN (SELECT unnest(enum_range(NULL::{{dimension}}_code))::{{dimension}}_code AS code) AS part
    ON get_bit(missing, enum_code(part.code)::INTEGER) = 1
