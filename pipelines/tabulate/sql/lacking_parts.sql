-- Cells that differ in one dimension only are a line: its parts add up to a total. Grain: one row for each line that lacks
-- a part which the source gives for it elsewhere, with the share of the parts that it has.
-- Elsewhere means in the same country: in the same period or, if one_list is false (ages, whose bands may differ between
-- areas and change), in any period, but only in lines that have all parts of this one and more. Both sexes belong to a
-- total wherever the source has both in a category. Persons of unknown or another sex, or of unknown age, need not be in a
-- line, and a line of them alone is complete: the source does not divide it. What has no stated place is only written if
-- there is any.
-- A part that a line lacks is not a zero: base gets a row for it without a value, so that it is missing itself and in every
-- sum that would contain it. present is NULL there: the share says how much of the line there is.
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
