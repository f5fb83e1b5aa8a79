-- Grain: one row for each measure and age band that has narrower bands inside it: how many figures have both, in how many
-- of them the band is at least as large as the bands inside it together, and the first such figure. Figures with a printed
-- total that is no smaller than the sum of all bands are left out: there the bands are of different persons.
-- inside: pairs of age codes, without bands inside another inner band of the same pair.
-- reads: core, band_inside
WITH figure AS (
    SELECT measure, {{keys}}, CAST(age AS VARCHAR) AS age, sum(value) AS value, arg_min(_file, _row) AS _file,
        min(_row) AS _row
    FROM core
    WHERE measure IN ({{measures}})
    GROUP BY ALL
),
with_total AS (
    SELECT measure, {{keys}}
    FROM figure
    GROUP BY ALL
    HAVING sum(value) FILTER (age = {{total}}) >= sum(value) FILTER (age <> {{total}})
),
beside AS (
    SELECT outer_band.measure, {{outer_keys}}, outer_band.age, any_value(outer_band.value) AS value,
        sum(inner_band.value) AS inside, string_agg(inner_band.age, ', ' ORDER BY inner_band.age) AS bands,
        arg_min(inner_band._file, inner_band._row) AS _file, min(inner_band._row) AS _row
    FROM figure AS outer_band
    JOIN band_inside ON band_inside.age = outer_band.age
    JOIN figure AS inner_band ON inner_band.age = band_inside.inside AND inner_band.measure = outer_band.measure
        AND {{same_keys}}
    WHERE outer_band.value > 0 AND inner_band.value IS NOT NULL
    GROUP BY ALL
)
SELECT measure, age, mode(bands) AS bands, count(*) FILTER (value >= inside) AS holding, count(*) AS figures,
    arg_min(_file, _row) AS _file, min(_row) AS _row, arg_min(value, _row) AS value, arg_min(inside, _row) AS inside
FROM beside
ANTI JOIN with_total USING (measure, {{keys}})
GROUP BY measure, age
HAVING holding >= {{least_share}} * figures
ORDER BY measure, age
