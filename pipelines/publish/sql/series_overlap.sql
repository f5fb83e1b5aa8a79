-- Grain: one row for each annual series (all ages and attributes) that goes over a declared break with a bridge: the
-- counts by both definitions of the years from the break on (to the next break, if any), and their sums before it.
-- Where the bridge is a factor there is nothing to compare and the lists are empty.
-- reads: out.series_break, out.observation
WITH declared AS (
    SELECT *, left(time_period, 4) AS first_year,
        coalesce(left(lead(time_period) OVER (PARTITION BY source, iccs ORDER BY time_period), 4), '9999') AS next_break
    FROM out.series_break
    WHERE iccs IS NOT NULL
),
cell AS (
    SELECT source, ref_area, iccs, stage, counting_unit, sex, time_period, value
    FROM out.observation
    WHERE freq = 'A' AND age = '_T' AND value IS NOT NULL {{no_attributes}}
),
both_counted AS (
    SELECT cell.source, cell.iccs, declared.time_period, cell.ref_area, cell.stage, cell.counting_unit, cell.sex,
        cell.time_period AS year,
        cell.value AS new_count, old.value AS old_count,
        cell.time_period >= declared.first_year AND cell.time_period < next_break AS overlapping
    FROM declared
    JOIN cell ON cell.source = declared.source AND cell.iccs = declared.iccs
    LEFT JOIN cell AS old
        ON old.source = declared.overlap_source AND old.iccs = cell.iccs AND old.ref_area = cell.ref_area
        AND old.stage = cell.stage AND old.counting_unit = cell.counting_unit AND old.sex = cell.sex
        AND old.time_period = cell.time_period
    WHERE declared.bridge_basis IS NOT NULL
)
SELECT source, ref_area, iccs, stage, counting_unit, sex, time_period,
    list(CAST(year AS INTEGER) ORDER BY year) FILTER (overlapping AND old_count IS NOT NULL) AS years,
    list(old_count ORDER BY year) FILTER (overlapping AND old_count IS NOT NULL) AS old_counts,
    list(new_count ORDER BY year) FILTER (overlapping AND old_count IS NOT NULL) AS new_counts,
    sum(old_count) FILTER (year < left(time_period, 4)) AS old_before,
    sum(new_count) FILTER (year < left(time_period, 4) AND old_count IS NOT NULL) AS new_before
FROM both_counted
GROUP BY ALL
HAVING bool_or(year < left(time_period, 4)) AND bool_or(year >= left(time_period, 4))
ORDER BY ALL
