-- Cases become completed and attempted ones (cases less attempts), suspects become men and women; their columns end in the
-- publisher's numbers 18 and 19. The row of the country stays: a suspect in two states is counted in both, in the country once.
-- Grain: one row for each raw row and kind of count.
WITH split AS (
    SELECT
        * EXCLUDE ("Anzahl erfasste Fälle | 4", "erfasste Fälle davon: Versuche | Anzahl | 6"),
        ("Anzahl erfasste Fälle | 4"::BIGINT - "erfasste Fälle davon: Versuche | Anzahl | 6"::BIGINT)::VARCHAR AS "completed | 4",
        "erfasste Fälle davon: Versuche | Anzahl | 6" AS "attempted | 6"
    FROM raw
),
long AS (
    FROM split UNPIVOT INCLUDE NULLS (cases_or_persons FOR counted IN (COLUMNS('\| (4|6|18|19)$')))
)
SELECT
    _file, _sheet, _row, "Schlüssel | 1", "Straftat | 2", "Bundesland | 3", cases_or_persons,
    regexp_extract(counted, '[0-9]+$') AS sex,
    regexp_extract(counted, '[0-9]+$') AS attempted,
    CASE WHEN regexp_matches(counted, '\| (4|6)$') THEN 'cases' ELSE 'suspects' END AS measure
FROM long
