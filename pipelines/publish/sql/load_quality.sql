-- Grain of out.quality_cell: one row for each failing cell kept of one source.
-- Grain of out.coverage: one row for each stage, counting unit, division, year and dimension of one source.
-- writes: out.quality_cell, out.coverage
INSERT INTO out.quality_cell BY NAME
SELECT {{source}} AS source, {{vintage}} AS vintage, * EXCLUDE (_file, _sheet, _row), _file AS file, _sheet AS sheet,
    _row AS row
FROM {{findings}};

INSERT INTO out.coverage BY NAME
SELECT {{source}} AS source, {{vintage}} AS vintage, * FROM {{coverage}}
