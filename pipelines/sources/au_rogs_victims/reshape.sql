-- States as columns become rows. Grain: one row for each raw row and column of an area.
SELECT * FROM raw UNPIVOT INCLUDE NULLS (victims FOR _column IN (NSW, Vic, Qld, WA, SA, Tas, ACT, NT, Aust))
