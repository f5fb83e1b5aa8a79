-- Grain: one row for each cell whose parts do not add up to it; all shares of a whole that is not 100 percent.
-- reads: part_sum
-- writes: cells
UPDATE cells SET caveats = join_caveats(cells.caveats, 'parts_differ_from_total')
FROM part_sum
WHERE part_sum.differs AND cells.measure = part_sum.measure AND CAST(cells.ref_area AS VARCHAR) = part_sum.ref_area
    AND cells.time_period = part_sum.time_period AND CAST(cells.sex AS VARCHAR) = part_sum.sex AND cells.age = part_sum.age
    AND (part_sum.national_code IS NULL OR cells.national_code = part_sum.national_code){% for name in attributes %} AND cells.{{name}} = part_sum.{{name}}{% endfor %}
