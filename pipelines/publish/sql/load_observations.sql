-- Grain: one row for each published cell of one source.
-- writes: out.observation
INSERT INTO out.observation BY NAME
SELECT {{source}} AS source, {{vintage}} AS vintage, *
FROM {{cells}}
