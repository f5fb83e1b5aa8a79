-- Functions that statements of several steps, the views and macros of schema out, and analysts use: each is defined here
-- and nowhere else. Grain of each: one value, or one for each group where it aggregates.

-- out.weakest_status(status): the observation status of a figure computed from several, as an aggregate. It is the one
-- of highest rank (schemas/codelists/obs_status.csv, the hierarchy recommended by SDMX); NULL is ignored.
-- Grain: one value for each group.
{{create}}weakest_status(status) AS
    arg_max(status, list_position({{statuses}}, status));

-- out.weaker_status(one, other): the observation status of a figure computed from two; if one is NULL, the other.
-- Grain: one value.
{{create}}weaker_status(one, other) AS
    CASE WHEN coalesce(list_position({{statuses}}, one), 0) >= coalesce(list_position({{statuses}}, other), 0) THEN one
        ELSE other END;

-- out.merge_caveats(caveats): the caveats of a figure computed from several, as an aggregate: each code once, in order,
-- separated by ';'; NULL where there is none. Grain: one value for each group.
{{create}}merge_caveats(caveats) AS
    nullif(array_to_string(list_sort(list_distinct(list_filter(
        flatten(list(string_split(caveats, ';'))), lambda code: code <> ''))), ';'), '');

-- out.merge_compositions(iccs_made_from): the compositions of several figures of one category, as an aggregate: each
-- composition once, in order, separated by ' | ', with = for counts at the category itself; NULL if there are no others.
-- Grain: one value for each group.
{{create}}merge_compositions(iccs_made_from) AS
    nullif(array_to_string(list_sort(list_distinct(list(coalesce(iccs_made_from, '=')))), ' | '), '=');

-- out.join_caveats(one, other): the caveats of two texts merged, as by out.merge_caveats.
-- Grain: one value.
{{create}}join_caveats(one, other) AS
    nullif(array_to_string(list_sort(list_distinct(list_filter(
        string_split(concat_ws(';', one, other), ';'), lambda code: code <> ''))), ';'), '');

-- out.freq_of(period): the frequency of a period, A, Q or M; NULL for any format other than 2024, 2024-Q1 and 2024-03.
-- Grain: one value.
{{create}}freq_of(period) AS
    CASE WHEN regexp_full_match(period, '[0-9]{4}') THEN 'A'
        WHEN regexp_full_match(period, '[0-9]{4}-Q[1-4]') THEN 'Q'
        WHEN regexp_full_match(period, '[0-9]{4}-(0[1-9]|1[0-2])') THEN 'M' END;

-- out.quarter_of(period): the quarter of a month or quarter (2024-05 is in 2024-Q2); NULL for a year.
-- Grain: one value.
{{create}}quarter_of(period) AS
    CASE WHEN length(period) = 7 AND contains(period, 'Q') THEN period
        WHEN length(period) = 7 THEN left(period, 4) || '-Q' || (CAST(right(period, 2) AS INTEGER) + 2) // 3 END;

-- out.first_day_of(period, freq): the first day of a year, quarter or month; NULL if the text is not a period.
-- Grain: one value.
{{create}}first_day_of(period, freq) AS
    TRY(make_date(
        TRY_CAST(left(period, 4) AS INTEGER),
        CASE freq WHEN 'A' THEN 1 WHEN 'Q' THEN 3 * TRY_CAST(right(period, 1) AS INTEGER) - 2
            WHEN 'M' THEN TRY_CAST(right(period, 2) AS INTEGER) END,
        1
    ));

-- out.last_day_of(period, freq): the last day of a year, quarter or month; NULL if the text is not a period.
-- Grain: one value.
{{create}}last_day_of(period, freq) AS
    CAST({{schema}}first_day_of(period, freq)
        + to_months(CASE freq WHEN 'A' THEN 12 WHEN 'Q' THEN 3 ELSE 1 END) AS DATE) - 1;

-- out.series_rank(stage, counting_unit): the rank of a series among those of the same area and category, 1 first: by
-- rank of its stage, then of its counting unit (schemas/codelists/stage.csv, counting_unit.csv). This one order decides
-- which of several series is preferred, in views, macros, tables and pictures; ties are resolved by source name.
-- Grain: one value.
{{create}}series_rank(stage, counting_unit) AS
    100 * list_position({{stages}}, stage) + list_position({{counting_units}}, counting_unit);
