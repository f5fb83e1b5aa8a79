-- Grain of annual: one row for each annual published cell without ICCS attributes: the table most rules read.
-- Grain of series: one row for each annual series and year: annual, both sexes, all ages.
-- Grain of given: one row for each area, category and period as the source gives it, sexes and ages together.
-- Grain of band: one row for each stage, counting unit, year and age code with a figure, with its bounds.
-- Grain of national_name: one row for each link, category, national code and label: few, of which words are asked for.
-- reads: cells, core, age_bound
-- writes: annual, series, given, band, national_name
CREATE OR REPLACE TEMP TABLE annual AS
SELECT stage, counting_unit, iccs, ref_area, area_level, time_period,
    CAST(time_period AS INTEGER) AS year, {{sex}} AS sex, {{age}} AS age, value
FROM cells
WHERE freq = 'A' {{no_attributes}};

CREATE OR REPLACE TEMP VIEW series AS
SELECT * FROM annual WHERE sex = '_T' AND age = '_T';

CREATE OR REPLACE TEMP TABLE given AS
SELECT *, CAST(left(time_period, 4) AS INTEGER) AS year
FROM (
    SELECT stage, counting_unit, iccs, ref_area, area_level, time_period, freq, sum(value) AS value
    FROM core
    GROUP BY ALL
);

CREATE OR REPLACE TEMP TABLE band AS
SELECT DISTINCT stage, counting_unit, left(time_period, 4) AS time_period, occurring.age, bound.low, bound.high
FROM (SELECT DISTINCT stage, counting_unit, time_period, age FROM core WHERE value IS NOT NULL) AS occurring
JOIN age_bound AS bound ON bound.age = occurring.age
WHERE {{gives_age}};

CREATE OR REPLACE TEMP TABLE national_name AS
SELECT DISTINCT link, iccs, national_code, national_label FROM core
