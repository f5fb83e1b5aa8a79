-- Grain: one row for each area that lost a part to a new one, and each of the first years in which both have figures.
-- What the area had before must be less by what the new one has. All categories that have figures throughout are taken
-- together. A source that has figures of the new area from before the split computed its series back: not judged.
-- needs: 2 years, 2 areas
-- reads: given, area_split
WITH totals AS (
    SELECT stage, counting_unit, CAST(iccs AS VARCHAR) AS iccs, CAST(ref_area AS VARCHAR) AS area, year, sum(value) AS value
    FROM given
    GROUP BY ALL
    HAVING count(value) = count(*)
),
divided AS (
    SELECT stage, counting_unit, area_split.origin, area_split.area, area_split.first_year
    FROM area_split
    JOIN totals USING (area)
    GROUP BY ALL
    HAVING min(totals.year) >= first_year
),
earlier AS (
    SELECT stage, counting_unit, iccs, origin, divided.area, avg(value) AS before
    FROM divided
    JOIN totals USING (stage, counting_unit)
    WHERE totals.area = origin AND totals.year BETWEEN first_year - {{years}} AND first_year - 1
    GROUP BY ALL
),
both_there AS (
    SELECT stage, counting_unit, origin, divided.area, old.year, sum(earlier.before) AS before, sum(old.value) AS here,
        sum(new.value) AS taken
    FROM divided
    JOIN earlier USING (stage, counting_unit, origin, area)
    JOIN totals AS old ON old.stage = divided.stage AND old.counting_unit = divided.counting_unit
        AND old.iccs IS NOT DISTINCT FROM earlier.iccs AND old.area = divided.origin
        AND old.year BETWEEN first_year AND first_year + {{years}} - 1
    JOIN totals AS new ON new.stage = divided.stage AND new.counting_unit = divided.counting_unit
        AND new.iccs IS NOT DISTINCT FROM earlier.iccs AND new.area = divided.area AND new.year = old.year
    GROUP BY ALL
)
SELECT stage, counting_unit, NULL AS iccs, origin AS ref_area, CAST(year AS VARCHAR) AS time_period, NULL AS sex, NULL AS age,
    here AS found, before - taken AS expected, here > before - taken / 2 AS failing,
    origin || ' had ' || CAST(round(before) AS BIGINT) || ' a year before ' || area || ' was split from it, and has '
        || CAST(round(here) AS BIGINT) || ' beside ' || CAST(round(taken) AS BIGINT) || ' of ' || area AS detail
FROM both_there
WHERE taken >= {{least_share}} * before AND taken >= {{least_count}}
