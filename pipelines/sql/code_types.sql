-- Types of codes, each an enumeration in the order of its texts: what occurs, and what totals may be made of it. A
-- population has no category: '' among the enumerations, which need a value.
CREATE TEMP MACRO quarter_of(period, frequency) AS CASE frequency
    WHEN 'Q' THEN period
    WHEN 'M' THEN left(period, 4) || '-Q' || (CAST(right(period, 2) AS INTEGER) + 2) // 3
END;
CREATE TEMP TYPE area_code AS ENUM (
    SELECT code FROM (SELECT ref_area AS code FROM core_text UNION SELECT area FROM area_ancestor) ORDER BY code
);
CREATE TEMP TYPE area_level_code AS ENUM (
    SELECT code FROM (SELECT area_level AS code FROM core_text UNION SELECT area_level FROM area_ancestor) ORDER BY code
);
CREATE TEMP TYPE iccs_code AS ENUM (
    SELECT code FROM (SELECT coalesce(iccs, '') AS code FROM core_text UNION SELECT code FROM iccs_ancestor) ORDER BY code
);
CREATE TEMP TYPE national_code AS ENUM (SELECT DISTINCT coalesce(national_code, '') FROM core_text ORDER BY ALL);
CREATE TEMP TYPE national_label AS ENUM (SELECT DISTINCT coalesce(national_label, '') FROM core_text ORDER BY ALL);
CREATE TEMP TYPE measure_code AS ENUM (SELECT DISTINCT measure FROM core_text ORDER BY ALL);
CREATE TEMP TYPE stage_code AS ENUM (SELECT DISTINCT stage FROM core_text ORDER BY ALL);
CREATE TEMP TYPE counting_unit_code AS ENUM (SELECT DISTINCT counting_unit FROM core_text ORDER BY ALL);
CREATE TEMP TYPE obs_status_code AS ENUM (
    SELECT code FROM (SELECT obs_status AS code FROM core_text UNION SELECT unnest(['A', 'E', 'O']))
    WHERE code IS NOT NULL ORDER BY code
);
CREATE TEMP TYPE freq_code AS ENUM ('A', 'M', 'Q');
CREATE TEMP TYPE missing_reason_code AS ENUM (
    'incomplete', 'not_applicable', 'not_collected', 'not_reported', 'suppressed'
);
CREATE TEMP TYPE conf_status_code AS ENUM ('F');
CREATE TEMP TYPE period_code AS ENUM (
    SELECT code FROM (
        SELECT unnest([time_period, left(time_period, 4), quarter_of(time_period, freq)]) AS code
        FROM (SELECT DISTINCT time_period, freq FROM core_text)
    )
    WHERE code IS NOT NULL ORDER BY code
)
