-- Grain: one row: whether any figure is divided by sex, by age, and by months or quarters, whether any row was rejected, any
-- total printed beside its parts, any rate printed, and any area is inside another that the source gives (1 or 0 each); and
-- how many years, areas, national codes, categories and counting units there are.
-- reads: cells, core, lost_row, printed_total, published_rate, area_ancestor, annual, given
WITH there AS (
    SELECT DISTINCT year, ref_area, iccs, counting_unit FROM annual
    UNION
    SELECT DISTINCT year, ref_area, iccs, counting_unit FROM given
)
SELECT
    CAST(EXISTS (FROM cells WHERE sex <> '_T') OR EXISTS (FROM core WHERE sex <> '_T') AS INTEGER) AS sex,
    CAST(EXISTS (FROM cells WHERE age <> '_T') OR EXISTS (FROM core WHERE age <> '_T') AS INTEGER) AS age,
    CAST(EXISTS (FROM cells WHERE freq <> 'A') OR EXISTS (FROM core WHERE freq <> 'A') AS INTEGER) AS months,
    CAST(EXISTS (FROM lost_row WHERE is_rejected) AS INTEGER) AS rejected_rows,
    CAST(EXISTS (FROM printed_total) AS INTEGER) AS printed_totals,
    CAST(EXISTS (FROM published_rate) AS INTEGER) AS printed_rates,
    CAST(EXISTS (
        FROM area_ancestor
        WHERE area <> ancestor AND ancestor IN (SELECT ref_area FROM given) AND area IN (SELECT ref_area FROM there)
    ) AS INTEGER) AS areas_inside_areas,
    count(DISTINCT year) AS years, count(DISTINCT ref_area) AS areas,
    (SELECT count(DISTINCT national_code) FROM core) AS codes,
    count(DISTINCT iccs) AS categories, count(DISTINCT counting_unit) AS counting_units
FROM there
