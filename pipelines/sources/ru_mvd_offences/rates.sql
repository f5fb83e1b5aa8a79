-- Printed rates beside the counts. Grain: one row for each raw row.
SELECT _row, "Region" AS ref_area, "Year" AS time_period, "Type of crime" AS national_code, 'offences' AS measure,
    "The number of crimes" AS count, "The number of crimes (cases per 100.000 population)" AS rate, 100000 AS per
FROM raw
