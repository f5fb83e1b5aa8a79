-- Offences as columns become rows; group totals stay columns, for the controls. The copy has a last column without a name, "column 62", which repeats
-- the one before it six rows lower. Grain: one row for each area and offence.
SELECT * EXCLUDE ("column 62") FROM raw UNPIVOT INCLUDE NULLS (offences FOR _column IN (COLUMNS('^(Crimes: |Offences: )')))
