-- Grain of compared: one row for each cell and what is known of it only by comparing all of them. It is doubled if another
-- one has the same labels: looked for first by a number for each combination of labels, which is quick and nearly always
-- finds none, then by the labels themselves. Its number is unclear if every number with a point has exactly three digits
-- behind it and at most three before: 12.000 may then be twelve, or twelve thousand.
-- reads: cell_row
-- writes: compared, doubled_number
CREATE OR REPLACE TEMP TABLE compared (cell BIGINT, known VARCHAR);
{% if key %}
CREATE OR REPLACE TEMP TABLE doubled_number AS
SELECT hash({{key}}) AS key_number FROM cell_row WHERE exclusion = 0 GROUP BY key_number HAVING count(*) > 1;
INSERT INTO compared
SELECT cell, 'doubled' FROM cell_row
WHERE exclusion = 0 AND hash({{key}}) IN (SELECT key_number FROM doubled_number)
QUALIFY count(*) OVER (PARTITION BY {{key}}) > 1;
{% endif %}
{% if unclear %}
INSERT INTO compared
SELECT cell, 'unclear'
FROM (SELECT cell, value_word FROM cell_row WHERE exclusion = 0 AND contains(value_word, '.') AND number IS NOT NULL)
QUALIFY bool_and(regexp_full_match(value_word, '[1-9][0-9]{0,2}[.][0-9]{3}')) OVER ()
{% endif %}
