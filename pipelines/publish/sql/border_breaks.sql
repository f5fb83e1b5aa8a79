-- Grain: one row for each source, area and period at which the borders of the area changed inside the source's figures.
-- A source that has figures above zero of the part that left from before it left, or of the part that came from after it
-- came, gives all periods on one set of borders: its series does not break.
-- reads: border_change, out.observation
WITH figure AS (
    SELECT source, ref_area, left(min(time_period), 4) AS first_year, left(max(time_period), 4) AS last_year
    FROM out.observation
    WHERE value > 0 AND ref_area IN (SELECT area FROM border_change UNION SELECT other FROM border_change)
    GROUP BY ALL
)
SELECT own.source, own.ref_area, border_change.period AS time_period, border_change.note
FROM border_change
JOIN figure AS own ON own.ref_area = border_change.area
LEFT JOIN figure AS part ON part.source = own.source AND part.ref_area = border_change.other
WHERE own.first_year < left(border_change.period, 4) AND own.last_year >= left(border_change.period, 4)
    AND CASE
        WHEN part.source IS NULL THEN true
        WHEN border_change.gained THEN part.last_year < left(border_change.period, 4)
        ELSE part.first_year >= left(border_change.period, 4)
    END
ORDER BY ALL
