# ---
# jupyter:
#   jupytext:
#     formats: py:percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Victims by sex and age
# Shares, rates by sex, a pyramid, and what is not known: persons of unknown sex or age are shown, never distributed over the known groups.

# %%
from pipelines.reader import SeriesQuery, open_release, plot_pyramid, plot_trend

crime = open_release()

# %% [markdown]
# ## Women and men among victims of homicide
# Each rate divides by the population of that sex.

# %%
plot_trend(SeriesQuery("0101", "MX"), by="sex")

# %% [markdown]
# ## How many are of unknown sex
# Always read the share of women among persons of known sex together with the share of unknown sex.

# %%
crime.connection.sql(
    """
    SELECT area_en, time_period, sum(value) FILTER (sex = 'F') / sum(value) FILTER (sex IN ('F', 'M')) AS women_of_known,
        sum(share_of_total) FILTER (sex = '_U') AS unknown
    FROM out.headline_by_sex WHERE iccs = '0101' AND area_level = 'country' AND time_period >= '2018'
    GROUP BY ALL HAVING women_of_known IS NOT NULL ORDER BY ALL
    """
).df()

# %% [markdown]
# ## By age
# The age groups are those of the source; the footer says how many persons are of unknown sex or age.

# %%
plot_pyramid(SeriesQuery("0101", "MX"), 2024)

# %% [markdown]
# ## Standardisation
# An age-standardised rate removes the effect of a young or old population. It needs counts by age groups for which there are populations too; the table says which series have them.

# %%
crime.connection.sql(
    """
    SELECT source, counting_unit, count(DISTINCT age) AS ages, count(DISTINCT age) FILTER (rate_per_100k IS NOT NULL) AS ages_with_rate
    FROM out.rate WHERE iccs = '0101' AND age NOT IN ('_T', '_U', '_Z') GROUP BY ALL ORDER BY ALL
    """
).df()
