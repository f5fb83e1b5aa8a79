-- Grain: one row for each figure of one source of estimates or ratios.
-- writes: out.estimate
INSERT INTO out.estimate BY NAME
SELECT {{source}} AS source, {{vintage}} AS vintage, *
FROM {{cells}}
