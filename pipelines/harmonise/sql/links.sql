-- Grain: one row for each link of the concordance, numbered as in its file.
-- reads: link_list
-- writes: link
CREATE TEMP TABLE link AS
SELECT row_number() OVER () AS link, * FROM link_list
