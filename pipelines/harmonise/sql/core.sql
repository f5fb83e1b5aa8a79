-- Grain of core: one row for each used cell and link; of incidents for each combination of area, period, link and the
-- source's dimensions in a partition.
-- reads: area_seen, linked, period_seen, tally_part
-- writes: area_coded, core, linked_coded, period_coded
CREATE TEMP TABLE linked_coded AS
SELECT {{keys}}, {{codes}}, link, weight FROM linked;
CREATE TEMP TABLE area_coded AS
SELECT id, CAST(ref_area AS ref_area_code) AS ref_area, CAST(area_level AS area_level_code) AS area_level FROM area_seen;
CREATE TEMP TABLE period_coded AS
SELECT period, CAST(time_period AS time_period_code) AS time_period, CAST(freq AS freq_code) AS freq FROM period_seen;
CREATE TEMP TABLE core AS
SELECT
    {% for name, text in places.items() %}
    {{text}} AS {{name}},
    {% endfor %}
    linked.* EXCLUDE ({{keys}}, weight), area.ref_area, area.area_level, covered.time_period, covered.freq,
    {{value}} * linked.weight AS value
FROM tally_part
JOIN area_coded AS area ON area.id = tally_part.ref_area_id
JOIN period_coded AS covered ON covered.period = tally_part.period
JOIN linked_coded AS linked USING ({{keys}})
