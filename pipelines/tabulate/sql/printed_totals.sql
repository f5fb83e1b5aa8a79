-- Totals that the source prints beside their parts, where every cell is written once: they are no parts of a sum, and
-- leave core. A total without any part is what the source gives undivided: it stays, of unknown sex, age ...
-- Grain of printed_total: one row for each observation that is a total over a dimension which others are divided by; of
-- undivided, which is dropped at the end: one for each of them without a part.
-- reads: core
-- writes: core, printed_total, undivided
CREATE TEMP TABLE printed_total AS
SELECT * FROM core WHERE {{is_total}};

CREATE TEMP TABLE undivided AS
SELECT * REPLACE ({{unknown}})
FROM printed_total AS printed
WHERE NOT EXISTS (
    FROM core AS part
    WHERE part.measure = printed.measure AND part.stage = printed.stage AND part.counting_unit = printed.counting_unit
        AND part.iccs = printed.iccs AND part.national_code = printed.national_code
        AND part.ref_area = printed.ref_area AND part.time_period = printed.time_period AND {{is_part}}
);

DELETE FROM core WHERE {{is_total}};

INSERT INTO core BY NAME FROM undivided;

DELETE FROM printed_total AS printed
WHERE EXISTS (
    FROM undivided AS other
    WHERE other.measure = printed.measure AND other.stage = printed.stage
        AND other.counting_unit = printed.counting_unit AND other.iccs = printed.iccs
        AND other.national_code = printed.national_code AND other.ref_area = printed.ref_area
        AND other.time_period = printed.time_period AND {{is_undivided}}
);

DROP TABLE undivided
