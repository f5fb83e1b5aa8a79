-- Grain: one row for each cell, as before; caveats are added to the cells that a rule across sources found failing. A gap
-- to another source concerns the count: every cell of that category, country, year and sex (of each sex, if the total is
-- concerned) gets the caveat, and so does its rate. A different population concerns the rate only.
-- An area out of line concerns every count and rate that the source has of it, and the counts of areas above that
-- would change with it: whether the count or the population is wrong is not known.
-- reads: compared, rule_effect, area_off_above
-- writes: compared_caveat, out.observation, out.rate
CREATE OR REPLACE TEMP TABLE compared_caveat AS
SELECT DISTINCT rule, source, stage, counting_unit, iccs, ref_area, left(time_period, 4) AS year, sex, caveat
FROM compared
JOIN rule_effect USING (rule)
WHERE failing
UNION
SELECT rule, source, stage, counting_unit, iccs, above.ref_area, NULL, NULL, caveat
FROM area_off_above AS above
JOIN rule_effect ON rule = 'area_out_of_line';

UPDATE out.observation AS cell
SET caveats = out.join_caveats(cell.caveats, found.caveat)
FROM (SELECT * FROM compared_caveat WHERE rule = 'other_source_gap') AS found
WHERE cell.source = found.source AND cell.stage = found.stage AND cell.counting_unit = found.counting_unit
    AND cell.iccs = found.iccs AND cell.ref_area = found.ref_area AND left(cell.time_period, 4) = found.year
    AND found.sex IN ('_T', cell.sex);

UPDATE out.rate AS cell
SET caveats = out.join_caveats(cell.caveats, found.caveat)
FROM (SELECT * FROM compared_caveat WHERE rule = 'other_source_gap') AS found
WHERE cell.source = found.source AND cell.stage = found.stage AND cell.counting_unit = found.counting_unit
    AND cell.iccs = found.iccs AND cell.ref_area = found.ref_area AND cell.time_period = found.year
    AND found.sex IN ('_T', cell.sex);

UPDATE out.rate AS cell
SET caveats = out.join_caveats(cell.caveats, found.caveat)
FROM (SELECT * FROM compared_caveat WHERE rule = 'population_behind_rates') AS found
WHERE cell.source = found.source AND cell.ref_area = found.ref_area AND cell.time_period = found.year
    AND cell.population IS NOT NULL;

UPDATE out.observation AS cell
SET caveats = out.join_caveats(cell.caveats, found.caveat)
FROM (SELECT * FROM compared_caveat WHERE rule = 'area_out_of_line') AS found
WHERE cell.source = found.source AND cell.stage = found.stage AND cell.counting_unit = found.counting_unit
    AND coalesce(cell.iccs = found.iccs, true) AND cell.ref_area = found.ref_area;

UPDATE out.rate AS cell
SET caveats = out.join_caveats(cell.caveats, found.caveat)
FROM (SELECT * FROM compared_caveat WHERE rule = 'area_out_of_line') AS found
WHERE cell.source = found.source AND cell.stage = found.stage AND cell.counting_unit = found.counting_unit
    AND coalesce(cell.iccs = found.iccs, true) AND cell.ref_area = found.ref_area
