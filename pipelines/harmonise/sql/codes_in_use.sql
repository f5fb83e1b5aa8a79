-- Grain: one row for each link that counts went through, to an ICCS category: its national code, label and category.
-- reads: {{links}}, {{mapped}}
SELECT link.national_code, link.national_label, link.iccs_code
FROM read_parquet({{links}}) AS link
SEMI JOIN read_parquet({{mapped}}) AS mapped ON mapped.link = link.link
WHERE link.iccs_code IS NOT NULL
ORDER BY ALL
