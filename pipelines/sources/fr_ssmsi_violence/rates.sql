-- Rates per 1,000 beside the counts of departments. Grain: one row for each rate, also if its count is absent.
SELECT r._row, split_part(r.Zone_geographique, '-', 1) AS ref_area, r.Unite_temps AS time_period, 'Coups et blessures volontaires' AS national_code,
    'victims' AS measure, n.Valeurs AS count, r.Valeurs AS rate, 1000 AS per
FROM raw AS r
LEFT JOIN (FROM raw WHERE Statistique = 'Nombre') AS n USING (_file, Zone_geographique, Unite_temps, Titre, Sous_indicateur)
WHERE r.Statistique <> 'Nombre' AND r.Sous_indicateur = 'Ensemble' AND r.Periodicite = 'Annuelle'
