-- Grain: one row for each area with incidents, and each country of such areas, and each month whose first or last days have
-- hardly any incidents although the other days of the month lead one to expect so many that this is not chance. Files
-- without true days (all dated on the first, or the fifteenth) have hardly any incidents in these days in every month, and
-- are not judged.
-- reads: area_seen, period_seen, tally_part
-- writes: month_cut
CREATE OR REPLACE TEMP TABLE month_cut AS
WITH of_areas AS (
    SELECT CAST(area.ref_area AS VARCHAR) AS ref_area, CAST(seen.time_period AS VARCHAR) AS time_period,
        sum(records) AS records
        {% for days in windows %}
        , sum(first_{{days}}) AS first_{{days}}, sum(last_{{days}}) AS last_{{days}}
        {% endfor %}
    FROM tally_part
    JOIN area_seen AS area ON area.id = tally_part.ref_area_id
    JOIN period_seen AS seen ON seen.period = tally_part.period
    WHERE exclusion = 0
    GROUP BY ALL
),
months AS (
    SELECT *, day(last_day_of(time_period, 'M')) AS days_of_month
    FROM (
        FROM of_areas
        UNION ALL BY NAME
        SELECT left(ref_area, 2) AS ref_area, time_period, sum(COLUMNS(* EXCLUDE (ref_area, time_period)))
        FROM of_areas
        WHERE length(ref_area) > 2
        GROUP BY ALL
    )
),
ends AS (
    {% for days in windows %}
    {% for side in ('first', 'last') %}
    SELECT ref_area, time_period, '{{side}}' AS side, {{days}} AS days, {{side}}_{{days}} AS found, records,
        {{days}} * (records - {{side}}_{{days}}) / (days_of_month - {{days}}) AS expected,
        sum({{side}}_{{days}}) OVER () / sum({{days}} * records / days_of_month) OVER () AS usual
    FROM months
    {% if not (loop.last and days == windows[-1]) %}UNION ALL{% endif %}

    {% endfor %}
    {% endfor %}
)
SELECT ref_area, time_period,
    arg_max(
        CAST(found AS BIGINT) || ' in the ' || side || ' ' || days || ' days, and ' || CAST(records - found AS BIGINT)
            || ' in the others of the month', days
    ) AS detail
FROM ends
WHERE expected >= {{least_expected}} AND found <= {{nearly_none}} * expected AND usual >= 0.5
GROUP BY ref_area, time_period
