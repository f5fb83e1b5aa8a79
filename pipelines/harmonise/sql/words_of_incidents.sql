-- Grain: one row for each word of a column that the source does not read, beside an area or a national code: the number of
-- the column, whether it is beside an area, the area or code, the word, its first and last year, rows. Of the rows that no
-- exclusion leaves out. Within a set all columns are text; outside of it they are NULL.
-- reads: raw
WITH row_end AS (
    SELECT {{area}} AS area, {{code}} AS code, {{year}} AS year,
        {% for word in words %}{{word}} AS word_{{loop.index0}}{% if not loop.last %}, {% endif %}{% endfor %}

    FROM ({{rows}})
    WHERE NOT ({{left_out}})
),
pair AS (
    SELECT CASE {% for word in words %}WHEN word_{{loop.index0}} IS NOT NULL THEN {{loop.index0}} {% endfor %}END AS number,
        {% if named %}area IS NOT NULL AS is_area, coalesce(area, code){% else %}FALSE AS is_area, code{% endif %} AS beside,
        coalesce({% for word in words %}word_{{loop.index0}}, {% endfor %}'') AS word,
        min(year) AS first_year, max(year) AS last_year, count(*) AS rows
    FROM row_end
    GROUP BY GROUPING SETS ({% for set in sets %}({{set}}){% if not loop.last %}, {% endif %}{% endfor %})
)
SELECT *
FROM pair
WHERE word <> ''
ORDER BY ALL
LIMIT {{most}}
