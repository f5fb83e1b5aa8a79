-- From the table cells. Grain of combination: one row for each combination of codes in the cells, without area and period.
-- Grain of area and period: one row for each that occurs.
-- Grain of series: one row for each frequency, area, category and year, over all sexes, ages and attributes. total is NULL
-- where the total of all of them is: that of one weapon alone is no total of what women or another weapon have.
-- reads: cells
COPY (
    SELECT DISTINCT freq, nullif(iccs, '') AS iccs, stage, counting_unit, sex, age {{attributes}}, obs_status, missing_reason, conf_status,
        value IS NULL AS is_missing, value IS NOT NULL AS is_given
    FROM cells
) TO {{combination}} (FORMAT parquet);
COPY (SELECT DISTINCT ref_area, area_level FROM cells) TO {{area}} (FORMAT parquet);
COPY (
    SELECT DISTINCT freq, time_period, TRY_CAST(left(time_period, 4) AS INTEGER) AS year FROM cells
) TO {{period}} (FORMAT parquet);
COPY (
    SELECT freq, stage, counting_unit, iccs, ref_area, TRY_CAST(left(time_period, 4) AS INTEGER) AS year,
        min(value) AS least_value, max(value) FILTER (sex = '_T' AND age = '_T'{{no_attributes}}) AS total,
        max(value) FILTER (NOT (sex = '_T' AND age = '_T'{{no_attributes}})) AS largest_part,
        min(completeness) AS least_completeness, max(completeness) AS most_completeness
    FROM cells
    WHERE freq = 'A' AND area_level <> 'admin2'
    GROUP BY freq, stage, counting_unit, iccs, ref_area, left(time_period, 4)
) TO {{series}} (FORMAT parquet)
