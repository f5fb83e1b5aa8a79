-- Offences as columns become rows; the two totals stay columns, for the controls. Grain: one row for each unit, year and kind of offence.
SELECT * FROM raw UNPIVOT INCLUDE NULLS (cases FOR _column IN (
    dacoity, robbery, murder, speedy_trial, riot, woman_child_repression, kidnapping, police_assault, burglary, theft, other_cases,
    r_arms_act, r_explosive_act, r_narcotics, r_smuggling
))
