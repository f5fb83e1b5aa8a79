-- Grain of finding: one row for each failing item of a rule, numbered within the rule by place.
-- Grain of judged_by_period: that of judged, for every rule that applies by year; the next load reuses unchanged years.
-- reads: judged
-- writes: finding, judged_by_period
INSERT INTO finding
SELECT rule, place, stage, counting_unit, iccs, ref_area, time_period, sex, age, found, expected, detail,
    NULL, NULL, NULL
FROM judged
WHERE failing
ORDER BY rule, place;

INSERT INTO judged_by_period BY NAME
SELECT * EXCLUDE (place) FROM judged WHERE period IS NOT NULL
