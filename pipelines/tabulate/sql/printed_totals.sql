-- Totals that the source prints beside their parts, if every cell is written once: they are not parts of a sum, and leave
-- core. A total without any part is a figure that the source does not divide: it stays, as of unknown sex, age ...
-- Grain of printed_total: one row for each observation that is a total over a dimension which others are divided by.
-- reads: core
-- writes: core, printed_total

-- First the codes of a measure without any division, which may be nearly all: none of their rows can be a part.
UPDATE core
SET {{unknown}}
WHERE ({{is_total}}) AND (measure, iccs, national_code) NOT IN (
    SELECT (measure, iccs, national_code)
    FROM core
    GROUP BY measure, iccs, national_code
    HAVING {{is_divided}}
);

UPDATE core AS printed
SET {{unknown}}
WHERE ({{is_total}}) AND NOT EXISTS (
    FROM core AS part
    WHERE part.measure = printed.measure AND part.stage = printed.stage AND part.counting_unit = printed.counting_unit
        AND part.iccs = printed.iccs AND part.national_code = printed.national_code
        AND part.ref_area = printed.ref_area AND part.time_period = printed.time_period AND {{is_part}}
);

CREATE TEMP TABLE printed_total AS
SELECT * FROM core WHERE {{is_total}};

DELETE FROM core WHERE {{is_total}}
