-- Grain: one row for each observation of a package whose key a later one no longer has.
-- reads: the observations of two packages
SELECT {{columns}}
FROM {{before}} AS was
WHERE NOT EXISTS (FROM {{now}} AS now WHERE {{same_key}})
