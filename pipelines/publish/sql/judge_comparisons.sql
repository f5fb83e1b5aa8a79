-- Grain of compared: one row for each item that a rule on all sources together checked.
-- reads: out.source_gap, out.rate_check, out.source, area_off
-- writes: compared, compared_place, out.quality_cell
CREATE OR REPLACE TEMP TABLE compared AS
SELECT 'other_source_gap' AS rule, source, 'recorded' AS stage, counting_unit, iccs, ref_area, time_period, sex,
    value AS value_found, other_value AS value_expected,
    abs(value - other_value) > {{most_gap}} * least(value, other_value) AS failing,
    CAST(value AS BIGINT) || ' ' || counting_unit || 's, ' || other_source || ' has ' || CAST(other_value AS BIGINT)
        || ' ' || other_counting_unit || 's' AS detail,
    abs(ln((value + 1) / (other_value + 1))) AS size
FROM out.source_gap
WHERE greatest(value, other_value) >= {{least_count}}
    AND sex IN ('_T', 'M', 'F')  -- how many are of unknown sex is a matter of recording, and no figure of its own
UNION ALL BY NAME
SELECT 'population_behind_rates' AS rule, source, ref_area, time_period, population_in_file AS value_found,
    population_used AS value_expected, abs(population_difference_percent) > {{most_difference}} * 100 AS failing,
    'implied by the printed rates ' || CAST(round(population_in_file) AS BIGINT) || ', used here '
        || CAST(round(population_used) AS BIGINT) AS detail,
    abs(population_difference_percent) AS size
FROM out.rate_check
WHERE population_used IS NOT NULL
UNION ALL BY NAME
SELECT 'area_out_of_line' AS rule, source, stage, counting_unit, ref_area, exp(off) AS value_found, 1 AS value_expected, failing,
    'its rates are ' || CASE WHEN off > 0 THEN round(exp(off), 1) || ' times ' ELSE 'a ' || round(exp(-off), 1) || 'th of ' END
        || 'those of the middle area (median of ' || categories || CASE categories WHEN 1 THEN ' category' ELSE ' categories' END
        || '; half of the areas are within ' || round(exp(usual / 1.4826), 1) || ' times of it); ' || counting_unit
        || 's, population by ' || population_source AS detail,
    abs(off) AS size
FROM area_off;

CREATE OR REPLACE TEMP TABLE compared_place AS
SELECT *, row_number() OVER (PARTITION BY source, rule, failing ORDER BY size DESC, time_period DESC, detail) AS place
FROM compared;

INSERT INTO out.quality_cell BY NAME
SELECT * EXCLUDE (size, failing, place, vintage), vintage
FROM compared_place
JOIN (SELECT source, vintage FROM out.source) USING (source)
WHERE failing AND place <= {{sample}}
