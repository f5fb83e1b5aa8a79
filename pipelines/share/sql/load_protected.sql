-- Grain: one row for each published cell of one protected source; a hidden one has no value, bounds or composition of its
-- completeness, and says that it is hidden, not why. Status, completeness and caveats are those that the office declares:
-- what checks found (a jump, a share of unknown) is left out, as it would tell of hidden counts beside the cell.
-- A rounded count is an estimate (E): it has no limits from chance.
-- reads: hidden_cell
-- writes: out.observation
INSERT INTO out.observation BY NAME
WITH declared AS (
    SELECT cells.*, {{declared_caveats}} AS declared_caveats, {{declared_breaks}} AS breaks
    FROM {{cells}} AS cells
)
SELECT {{source}} AS source, {{vintage}} AS vintage,
    cells.* EXCLUDE (declared_caveats, breaks) REPLACE (
        CASE WHEN hidden.stage IS NULL THEN cells.value ELSE hidden.rounded END AS value,
        NULL AS at_least,
        NULL AS at_most,
        CASE
            WHEN is_hidden THEN 'Q'
            WHEN cells.value IS NULL THEN CAST(cells.obs_status AS VARCHAR)
            WHEN breaks THEN 'B'
            WHEN hidden.rounded IS NOT NULL THEN out.weaker_status('E', CAST(unmarked.obs_status AS VARCHAR))
            ELSE CAST(unmarked.obs_status AS VARCHAR)
        END AS obs_status,
        CASE WHEN is_hidden THEN 'suppressed' ELSE CAST(cells.missing_reason AS VARCHAR) END
            AS missing_reason,
        CASE WHEN is_hidden THEN 'C' ELSE CAST(cells.conf_status AS VARCHAR) END AS conf_status,
        CASE WHEN is_hidden IS NULL THEN unmarked.completeness END AS completeness,
        out.join_caveats(declared_caveats, concat_ws(';', 'checks_left_out',
            CASE WHEN hidden.rounded IS NOT NULL THEN 'figures_rounded' END, array_to_string(
            [one FOR one IN string_split(coalesce(cells.caveats, ''), ';') IF one <> '' AND one NOT IN {{of_checks}}], ';'
        ))) AS caveats
    )
FROM declared AS cells
LEFT JOIN {{unmarked}} AS unmarked ON {{same_unmarked}}
LEFT JOIN (SELECT *, CASE WHEN rounded IS NULL THEN true END AS is_hidden FROM hidden_cell) AS hidden ON {{same_hidden}}
