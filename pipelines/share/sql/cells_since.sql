-- Grain: one row for each observation of a package that the one before did not have like this.
-- reads: the observations of two packages
SELECT {{columns}} FROM {{now}}
EXCEPT
SELECT {{columns}} FROM {{before}}
