-- Grain: one row: how many incidents have the age 0, 1 to 9, 90 to 97, 98 or 99, and any age in years.
-- reads: tally_part
SELECT sum(age_0)::BIGINT AS age_0, sum(ages_1_to_9)::BIGINT AS ages_1_to_9, sum(ages_90_to_97)::BIGINT AS ages_90_to_97,
    sum(ages_98_99)::BIGINT AS ages_98_99, sum(ages_known)::BIGINT AS ages_known
FROM tally_part
WHERE exclusion = 0
