-- Grain: one row for each country, stage, counting unit, ICCS division, year and dimension: does the source break it
-- down, and for which share of its counts is the code unknown. For geography the share is that of the regions of the
-- country without a figure.
-- reads: core, area_ancestor
COPY (
    WITH figure AS (
        SELECT up.ancestor AS country, stage, counting_unit, measure, iccs, time_period, {{dimensions}}, sum(value) AS value
        FROM core
        JOIN area_ancestor AS up ON up.area = core.ref_area AND up.ancestor_level = 'country'
        WHERE value IS NOT NULL
        GROUP BY ALL
    ),
    reported AS (
        SELECT DISTINCT stage, counting_unit, measure, iccs, time_period, ref_area, area_level
        FROM core
        WHERE value IS NOT NULL
    ),
    observed AS (
        SELECT country, stage, counting_unit, measure,
            CASE WHEN length(iccs) > 4 AND iccs NOT LIKE 'ICCS%' THEN left(iccs, 4) ELSE iccs END AS division,
            left(time_period, 4) AS year, {{dimensions}}, sum(value) AS value
        FROM figure
        GROUP BY ALL
    ),
    grouped AS (
        SELECT country, stage, counting_unit, measure, division, year, dimension, code, sum(value) AS value
        FROM (SELECT * REPLACE ({{dimension_texts}}) FROM observed)
        UNPIVOT INCLUDE NULLS (code FOR dimension IN ({{dimensions}}))
        GROUP BY ALL
    ),
    shares AS (
        SELECT country, stage, counting_unit, measure, division, year, dimension,
            coalesce(sum(value) FILTER (code IN ('_U', '_T')), 0) AS unknown, sum(value) AS total,
            count(*) FILTER (code NOT IN ('_U', '_T')) AS codes,
            string_agg(code, ', ' ORDER BY code) FILTER (code NOT IN ('_U', '_T')) AS names
        FROM grouped
        GROUP BY ALL
    ),
    areas AS (
        SELECT DISTINCT stage, counting_unit, measure,
            CASE WHEN length(iccs) > 4 AND iccs NOT LIKE 'ICCS%' THEN left(iccs, 4) ELSE iccs END AS division,
            left(time_period, 4) AS year, ref_area, area_level
        FROM reported
    ),
    countries AS (
        SELECT areas.*, up.ancestor AS country
        FROM areas
        JOIN area_ancestor AS up ON up.area = areas.ref_area AND up.ancestor_level = 'country'
    ),
    wanted AS (
        SELECT ancestor AS country, area_level, count(*) AS regions
        FROM area_ancestor
        WHERE ancestor_level = 'country' AND area_level NOT IN ('country', 'not_stated')
            AND (len({{covers}}) = 0 OR list_contains({{covers}}, area))
        GROUP BY ALL
    ),
    places AS (
        SELECT countries.country, stage, counting_unit, measure, division, year, countries.area_level, count(*) AS given, any_value(coalesce(wanted.regions, 0)) AS regions
        FROM countries
        LEFT JOIN wanted ON wanted.country = countries.country AND wanted.area_level = countries.area_level
        WHERE countries.area_level NOT IN ('country', 'not_stated')
        GROUP BY ALL
    ),
    geography AS (
        SELECT country, stage, counting_unit, measure, division, year, sum(given) AS given, sum(regions) AS regions,
            string_agg(DISTINCT area_level, ', ' ORDER BY area_level) AS levels
        FROM places
        GROUP BY ALL
    ),
    geography_all AS (
        SELECT keys.*, coalesce(given, 0) AS given, coalesce(regions, 0) AS regions, levels
        FROM (SELECT DISTINCT country, stage, counting_unit, measure, division, year FROM observed) AS keys
        LEFT JOIN geography USING (country, stage, counting_unit, measure, division, year)
    ),
    declared AS (
        SELECT * FROM (VALUES {{declared}}) AS list (measure, dimension)
    ),
    both_kinds AS (
        SELECT country, stage, counting_unit, measure, division, year, dimension,
            CASE WHEN total > 0 THEN unknown / total WHEN codes > 0 THEN 0 ELSE 1 END AS share_unknown,
            codes > 0 AS any_known,
            CASE WHEN codes > 0 THEN 'codes: ' || names ELSE 'no code known' END AS detail
        FROM shares
        UNION ALL BY NAME
        SELECT country, stage, counting_unit, measure, division, year, 'geography' AS dimension,
            CASE WHEN regions > 0 AND NOT {{events}} THEN greatest(1 - given / regions, 0) WHEN regions > 0 THEN 0 ELSE 1 END
                AS share_unknown,
            given > 0 AS any_known,
            CASE WHEN given > 0 THEN given || ' of ' || regions || ' areas (' || levels || ')' ELSE 'country only' END
                AS detail
        FROM geography_all
    )
    SELECT country, stage, counting_unit, nullif(division, '') AS iccs, year AS time_period, dimension,
        EXISTS (FROM declared WHERE declared.measure = both_kinds.measure AND declared.dimension = both_kinds.dimension)
            AS declared,
        CASE WHEN NOT any_known OR share_unknown >= 0.9999 THEN 'none' WHEN share_unknown <= {{full}} THEN 'full' ELSE 'partial' END
            AS coverage,
        share_unknown, detail
    FROM both_kinds
    WHERE dimension IN ('sex', 'age', 'geography') OR declared OR any_known
    ORDER BY ALL
) TO {{target}} (FORMAT parquet, COMPRESSION zstd)
