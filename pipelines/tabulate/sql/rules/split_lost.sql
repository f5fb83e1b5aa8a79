-- Grain: one row for each year of a series by {{dimension}} in which some of its parts have counts.
-- If a part that usually has counts, also in the two years before and after, has none or hardly any, its rows are lost,
-- unless the other parts or the unknown have more than in the years beside it. The others must have as many as usual: then
-- the total is only their sum. A total that exceeds its parts is a printed one, and right. An age band is not lost if
-- another band of the year covers its ages: the bands have changed. Parts that are only added up, and not published, are
-- those of the file.
-- needs: {{dimension}}
-- reads: annual, age_bound, core
WITH split AS (
    SELECT stage, counting_unit, iccs, ref_area, year, {{dimension}} AS part, value
    FROM annual
    WHERE {{other}} = '_T' AND {{dimension}} NOT IN ('_T', '_Z')
    UNION ALL
    SELECT stage, counting_unit, iccs, ref_area, CAST(left(time_period, 4) AS INTEGER), {{dimension}}, sum(value)
    FROM core
    WHERE {{dimension}} NOT IN ('_T', '_Z') AND iccs IS NOT NULL AND NOT EXISTS (FROM annual WHERE {{dimension}} <> '_T')
    GROUP BY ALL
),
years AS (
    SELECT stage, counting_unit, iccs, ref_area, year, sum(value) AS together FROM split GROUP BY ALL HAVING sum(value) > 0
),
usual AS (
    SELECT stage, counting_unit, iccs, ref_area, part, median(value) AS value, count(value) AS years
    FROM split
    WHERE part <> '_U'
    GROUP BY ALL
),
begun AS (  -- a part that begins to be recorded later than the series is not lost before, but in its first year
    SELECT usual.*, min(split.year) FILTER (split.value >= usual.value / 2) AS first_year, min(years.first_year) AS series_began
    FROM usual
    JOIN split USING (stage, counting_unit, iccs, ref_area, part)
    JOIN (SELECT stage, counting_unit, iccs, ref_area, min(year) AS first_year FROM years GROUP BY ALL) AS years
        USING (stage, counting_unit, iccs, ref_area)
    GROUP BY ALL
),
expected AS (  -- few as they were in the years around are not many that were lost
    SELECT years.stage, years.counting_unit, years.iccs, years.ref_area, years.year, begun.part,
        least(any_value(begun.value), coalesce(median(split.value), any_value(begun.value))) AS value
    FROM years
    JOIN begun USING (stage, counting_unit, iccs, ref_area)
    LEFT JOIN split ON split.stage = years.stage AND split.counting_unit = years.counting_unit AND split.iccs = years.iccs
        AND split.ref_area = years.ref_area AND split.part = begun.part AND abs(split.year - years.year) BETWEEN 1 AND 2
    WHERE begun.value >= {{least_usual}} AND begun.years >= {{least_years}}
        AND (years.year > begun.first_year OR (years.year = begun.series_began AND begun.first_year = years.year + 1))
    GROUP BY ALL
),
covered AS (
    SELECT DISTINCT split.stage, split.counting_unit, split.iccs, split.ref_area, split.year, own.age AS part
    FROM split
    JOIN age_bound AS there ON there.age = split.part
    JOIN age_bound AS own ON own.age <> there.age AND own.low <= coalesce(there.high, 999) AND there.low <= coalesce(own.high, 999)
    WHERE split.value > 0
),
lost AS (
    SELECT stage, counting_unit, iccs, ref_area, year, sum(expected.value) AS lacks, list(part ORDER BY part) AS parts
    FROM expected
    ANTI JOIN covered USING (stage, counting_unit, iccs, ref_area, year, part)
    LEFT JOIN (SELECT *, true AS is_there FROM split) AS split USING (stage, counting_unit, iccs, ref_area, year, part)
    WHERE expected.value >= {{least_usual}} AND (split.is_there IS NULL OR split.value <= {{nearly_none}} * expected.value)
    GROUP BY ALL
),
others AS (  -- what the other parts have usually, in the year, and in those before and after it
    SELECT lost.stage, lost.counting_unit, lost.iccs, lost.ref_area, lost.year, split.part = '_U' AS is_unknown,
        coalesce(sum(split.value) FILTER (split.year = lost.year), 0) AS found,
        sum(split.value) FILTER (split.year <> lost.year) / count(DISTINCT split.year) FILTER (split.year <> lost.year) AS beside
    FROM lost
    JOIN split ON split.stage = lost.stage AND split.counting_unit = lost.counting_unit AND split.iccs = lost.iccs
        AND split.ref_area = lost.ref_area AND abs(split.year - lost.year) <= 1 AND NOT list_contains(lost.parts, split.part)
    GROUP BY ALL
),
judged AS (
    SELECT lost.stage, lost.counting_unit, lost.iccs, lost.ref_area, lost.year, any_value(parts) AS parts,
        any_value(lacks) AS lacks, sum(found) FILTER (NOT is_unknown) AS found, sum(beside) FILTER (NOT is_unknown) AS beside,
        coalesce(sum(found - coalesce(beside, 0)) FILTER (is_unknown), 0) AS more_unknown,
        (SELECT sum(usual.value) FROM usual
            WHERE usual.stage = lost.stage AND usual.counting_unit = lost.counting_unit AND usual.iccs = lost.iccs
                AND usual.ref_area = lost.ref_area AND NOT list_contains(any_value(lost.parts), usual.part)) AS usual
    FROM lost
    JOIN others USING (stage, counting_unit, iccs, ref_area, year)
    GROUP BY lost.stage, lost.counting_unit, lost.iccs, lost.ref_area, lost.year
)
SELECT stage, counting_unit, iccs, ref_area, CAST(year AS VARCHAR) AS time_period, NULL AS sex, NULL AS age,
    years.together AS found, years.together + judged.lacks AS expected,
    coalesce(
        judged.found - judged.beside < judged.lacks / 2 AND more_unknown < judged.lacks / 2
            AND judged.found >= judged.usual / 2 AND whole.value <= years.together, false
    ) AS failing,
    'hardly any of ' || array_to_string(judged.parts, ', ') || ', usually ' || CAST(judged.lacks AS BIGINT) || '; the others '
        || CAST(judged.found AS BIGINT) || ', in neighbouring years ' || CAST(judged.beside AS BIGINT) AS detail
FROM years
LEFT JOIN judged USING (stage, counting_unit, iccs, ref_area, year)
LEFT JOIN annual AS whole ON whole.stage = years.stage AND whole.counting_unit = years.counting_unit
    AND whole.iccs = years.iccs AND whole.ref_area = years.ref_area AND whole.year = years.year AND whole.sex = '_T'
    AND whole.age = '_T'
