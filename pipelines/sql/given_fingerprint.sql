-- Grain: one row: the fingerprint of what a source gives in any year: areas, and categories with the codes of breakdowns.
SELECT md5(string_agg(given, ' ' ORDER BY given))
FROM (
    SELECT CAST(one AS VARCHAR) AS given FROM given_combination AS one
    UNION ALL
    SELECT CAST(one AS VARCHAR) FROM given_area AS one
)
