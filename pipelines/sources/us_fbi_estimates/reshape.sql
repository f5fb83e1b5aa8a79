-- Offences are columns. Grain: one row for each raw row and offence.
FROM raw UNPIVOT INCLUDE NULLS (offences FOR offence IN (
    violent_crime, homicide, rape_legacy, rape_revised, robbery, aggravated_assault, property_crime, burglary, larceny,
    motor_vehicle_theft
))
