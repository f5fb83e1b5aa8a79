-- out.figure: every annual figure of every series in its simplest form (all ICCS attributes together), with names, the
-- meaning of its limits, its composition, its caveats in words, and the notes of the concordance on national categories
-- that do not match the ICCS exactly (mapping_notes). The rows overlap: all counting units, stages, sexes and ages of an
-- area and category are included. For sums use out.headline, out.headline_by_sex and out.headline_by_age, which have only
-- the preferred series and no part together with its total.
-- Grain: one row for each source, area, year, ICCS category, stage, counting unit, sex and age.
-- reads: out.rate, out.observation, out.series, out.source, out.area, out.iccs, out.caveat, out.mapping, out.series_break
CREATE OR REPLACE VIEW out.figure AS
-- Few combinations of caveats and of categories occur: their words are put together once for each.
WITH caveat_text AS (
    SELECT caveats, string_agg(label_en, '; ' ORDER BY code) AS caveats_en,
        string_agg(label_fr, ' ; ' ORDER BY code) AS caveats_fr, string_agg(label_es, '; ' ORDER BY code) AS caveats_es
    FROM (
        SELECT caveats, unnest(string_split(caveats, ';')) AS code
        FROM (SELECT DISTINCT caveats FROM out.rate WHERE caveats IS NOT NULL)
    )
    JOIN out.caveat USING (code)
    GROUP BY caveats
),
composition_text AS (
    SELECT iccs_made_from,
        string_agg(coalesce(title_en, 'counts given for the category itself'), '; ' ORDER BY part) AS composition_en,
        string_agg(coalesce(title_fr, 'effectifs donnés à la catégorie elle-même'), ' ; ' ORDER BY part) AS composition_fr,
        string_agg(coalesce(title_es, 'recuentos dados en la propia categoría'), '; ' ORDER BY part) AS composition_es
    FROM (
        SELECT iccs_made_from, unnest(string_split(iccs_made_from, ';')) AS part
        FROM (SELECT DISTINCT iccs_made_from FROM out.rate WHERE iccs_made_from IS NOT NULL)
    )
    LEFT JOIN out.iccs AS category ON category.code = part
    GROUP BY iccs_made_from
),
missing AS (
    SELECT source, ref_area, time_period, iccs, stage, counting_unit, sex, age, missing_reason
    FROM out.observation
    WHERE freq = 'A' AND missing_reason IS NOT NULL AND ({{attributes}}) = ({{totals}})
),
limits_text (limits, limits_en, limits_fr, limits_es) AS (
    VALUES {{limits}}
),
series_name AS (
    SELECT ref_area, iccs, sex, age,
        list({'source': source, 'stage': stage, 'counting_unit': counting_unit} ORDER BY preference) AS every
    FROM out.series
    GROUP BY ALL
    HAVING count(*) > 1
),
declared_break AS (
    SELECT source, iccs, ref_area, left(time_period, 4) AS period, string_agg(note, '; ' ORDER BY note) AS note
    FROM out.series_break
    GROUP BY ALL
),
-- Only what the reviewers of links that are not plain wrote: how the national categories differ from the ICCS one.
mapping_text AS (
    SELECT source, stage, counting_unit, iccs,
        string_agg(DISTINCT concat(national_label, ': ', note), ' | ' ORDER BY concat(national_label, ': ', note)) AS mapping_notes
    FROM (SELECT DISTINCT source, stage, counting_unit, iccs FROM out.rate) AS named
    JOIN (
        SELECT source, stage, counting_unit, iccs AS linked, national_label, note
        FROM out.mapping
        WHERE caveats IS NOT NULL AND count_linked > 0
    ) AS link USING (source, stage, counting_unit)
    WHERE linked = iccs OR (starts_with(linked, iccs) AND NOT contains(linked, '_'))  -- 0101_0102 is not in 0101
    GROUP BY source, stage, counting_unit, iccs
),
annual AS (
    SELECT rate.*, about.counted_at, series.is_preferred, NOT {{uncompared}} AS is_compared,
        list_max([one FOR one IN string_split(series.breaks, ';') IF one <= rate.time_period]) AS break_before
    FROM out.rate AS rate
    JOIN out.series AS series USING (source, ref_area, iccs, stage, counting_unit, sex, age)
    LEFT JOIN out.source AS about ON about.source = rate.source
    WHERE ({{attributes}}) = ({{totals}})
)
SELECT
    annual.ref_area, area.name_en AS area_en, area.name_fr AS area_fr, area.name_es AS area_es, annual.area_level,
    -- A territory that several countries claim is in none of them by itself.
    CASE WHEN area.parent IS NOT NULL OR area.area_level = 'country' THEN left(annual.ref_area, 2) END AS country, annual.time_period, annual.iccs, category.level AS iccs_level,
    category.title_en AS category_en, category.title_fr AS category_fr, category.title_es AS category_es,
    annual.source, annual.stage, annual.counting_unit, annual.counted_at, annual.is_preferred,
    array_to_string([concat(one.source, ': ', one.stage, ' ', one.counting_unit, 's') FOR one IN series_name.every
        IF (one.source, one.stage, one.counting_unit) <> (annual.source, annual.stage, annual.counting_unit)], '; ')
        AS other_series,
    annual.sex, annual.age, annual.value, annual.value AS events, annual.at_least, annual.at_most, annual.population, annual.population_source,
    annual.rate_per_100k, annual.ci_low, annual.ci_high, annual.usual_low, annual.usual_high, annual.rate_at_least, annual.rate_at_most, limits, limits_en, limits_fr, limits_es, annual.few_events,
    missing.missing_reason, annual.no_rate_reason, annual.iccs_made_from, composition_en, composition_fr, composition_es,
    annual.obs_status, annual.completeness, annual.is_compared, annual.caveats, caveats_en, caveats_fr, caveats_es, mapping_notes,
    annual.break_before, coalesce(own.note, general.note, borders.note) AS break_note, annual.vintage
FROM annual
JOIN out.area AS area ON area.code = annual.ref_area
JOIN out.iccs AS category ON category.code = annual.iccs
LEFT JOIN series_name USING (ref_area, iccs, sex, age)
LEFT JOIN missing USING (source, ref_area, time_period, iccs, stage, counting_unit, sex, age)
LEFT JOIN composition_text ON composition_text.iccs_made_from = annual.iccs_made_from
LEFT JOIN mapping_text ON mapping_text.source = annual.source AND mapping_text.iccs = annual.iccs
    AND mapping_text.stage = annual.stage AND mapping_text.counting_unit = annual.counting_unit
LEFT JOIN caveat_text ON caveat_text.caveats = annual.caveats
LEFT JOIN limits_text ON annual.ci_low IS NOT NULL
LEFT JOIN declared_break AS own ON own.source = annual.source AND own.iccs = annual.iccs
    AND own.ref_area IS NULL AND own.period = annual.break_before
LEFT JOIN declared_break AS general ON general.source = annual.source AND general.iccs IS NULL
    AND general.ref_area IS NULL AND general.period = annual.break_before
LEFT JOIN declared_break AS borders ON borders.source = annual.source AND borders.iccs IS NULL
    AND borders.ref_area = annual.ref_area AND borders.period = annual.break_before
