-- Grain: one row for each rule, column and wrong label, with its first place, its years and how many of its cells are
-- kept.
-- Numbers, dates and periods written in the same way ('13 (p)', '68 (p)') are wrong for the same reason and make one row.
-- So do cells that are given more than once, and counts in whatever column, as a table may have a column for each year. If
-- the first row has several, the first column is shown, and then the first text: the number of a cell does not give its
-- place in the file.
-- reads: rejected
WITH faults AS (
    SELECT rule, min({'file': _file, 'sheet': _sheet, 'row': _row}) AS first,
        arg_min(column_name, {'file': _file, 'sheet': _sheet, 'row': _row, 'column': column_name}) AS column_name,
        arg_min(bad_value, {'file': _file, 'sheet': _sheet, 'row': _row, 'column': column_name, 'value': bad_value})
            AS bad_value,
        string_agg(DISTINCT left(CAST(period AS VARCHAR), 4), ', ' ORDER BY left(CAST(period AS VARCHAR), 4)) AS years,
        count(*) AS cells
    FROM rejected
    GROUP BY rule, CASE WHEN rule NOT LIKE 'count_%' THEN column_name END,
        CASE WHEN rule LIKE 'count_%' OR rule IN ('invalid_period', 'date_in_future')
            THEN regexp_replace(bad_value, '[0-9]+', '9', 'g') WHEN rule <> 'duplicate_key' THEN bad_value END
)
SELECT rule, first.file, first.sheet, first.row, column_name, bad_value, years, cells
FROM faults
QUALIFY row_number() OVER (PARTITION BY rule, column_name ORDER BY first, bad_value) <= {{most_of_a_rule}}
ORDER BY first, column_name, rule, bad_value
LIMIT {{most}}
