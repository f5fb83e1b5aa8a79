-- Grain: one row: the fingerprint of what the cells of a year take from all years: the areas, and the categories with the
-- codes of breakdowns, that are filled with zeros, and the categories that each country's are made of.
-- reads: given_combination, given_area, given_category
SELECT md5(string_agg(given, ' ' ORDER BY given))
FROM (
    SELECT CAST(one AS VARCHAR) AS given FROM given_combination AS one
    UNION ALL
    SELECT CAST(one AS VARCHAR) FROM given_area AS one
    UNION ALL
    SELECT DISTINCT CAST((measure, stage, counting_unit, country, iccs) AS VARCHAR) FROM given_category
)
