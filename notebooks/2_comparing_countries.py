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
# # Comparing countries
# All series are mapped to one category of the ICCS, yet they do not count the same thing. This notebook ranks only what is comparable, and says why the rest is not.

# %%
import pandas as pd

from pipelines.reader import SeriesQuery, compare_areas, open_release, plot_compared

crime = open_release()
asked = ["AT", "DE", "ES", "FI", "FR", "IT", "NL", "SE", "MX"]
found = compare_areas(SeriesQuery("0101"), asked)

# %% [markdown]
# ## What may be ranked
# One source, one stage, one counting unit, one composition, one year.

# %%
pd.DataFrame(found.ranked)[["area_en", "time_period", "rate_per_100k", "ci_low", "ci_high", "counting_unit", "source"]]

# %% [markdown]
# ## What may not
# These figures count something else, and would be misleading next to the others.

# %%
pd.DataFrame(found.unranked).T

# %% [markdown]
# ## Over the years
# The footer names what is not drawn.

# %%
plot_compared(found)

# %% [markdown]
# ## What each figure is made of
# Composition and caveats in words, as in every view of the release.

# %%
crime.connection.execute(
    """
    SELECT area_en, time_period, source, counting_unit, value, rate_per_100k, composition_en, caveats_en
    FROM out.headline WHERE iccs = '0101' AND ref_area IN (SELECT unnest($asked)) AND value IS NOT NULL
    QUALIFY time_period = max(time_period) OVER (PARTITION BY ref_area) ORDER BY area_en
    """,
    {"asked": asked},
).df()
