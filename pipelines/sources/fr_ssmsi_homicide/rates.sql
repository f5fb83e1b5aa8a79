-- Rates per 1,000 beside the counts of departments. Grain: one row for each rate, also if its count is absent.
SELECT r._row, split_part(r.Zone_geographique, '-', 1) AS ref_area, r.Unite_temps AS time_period, r.Titre AS national_code,
    r.Unite_de_compte AS measure, n.Valeurs AS count, r.Valeurs AS rate, 1000 AS per
FROM raw AS r
LEFT JOIN (FROM raw WHERE Statistique = 'Nombre') AS n USING (_file, Zone_geographique, Unite_temps, Titre, Unite_de_compte)
WHERE r.Statistique <> 'Nombre' AND r.Zone_geographique <> 'France'
