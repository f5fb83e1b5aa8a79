-- Grain: one row: the fingerprint of what is filled with zeros in every year: areas, and categories with the codes of
-- breakdowns, that a source gives in any.
-- reads: given_combination, given_area
SELECT md5(string_agg(given, ' ' ORDER BY given))
FROM (
    SELECT CAST(one AS VARCHAR) AS given FROM given_combination AS one
    UNION ALL
    SELECT CAST(one AS VARCHAR) FROM given_area AS one
)
