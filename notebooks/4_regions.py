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
# # Regions
# A map, the change of each region, and a funnel plot, which separates chance from real differences.

# %%
from pipelines.reader import SeriesQuery, map_boundaries, plot_funnel, plot_map, plot_slopes, read_map_rates, read_small_areas

asked = SeriesQuery("0101", "MX", source="mx_sesnsp_victims")
found = read_map_rates(asked)
plot_map(found, map_boundaries(found))

# %% [markdown]
# ## Change
# Only regions with a rate in both years and no break between them.

# %%
plot_slopes(asked, 2015, 2024)

# %% [markdown]
# ## Funnel
# The rate of each region against its population. A rate inside the lines does not differ from the rate of all regions by more than chance and the usual spread
# between regions explain; the wider the funnel, the less a rank means. Next to each rate is the smoothed one, shrunk towards the common rate.

# %%
small = read_small_areas(asked)
plot_funnel(small)

# %%
small.outside

# %% [markdown]
# ## Regions without a rate
# Missing is not zero.

# %%
found.missing or "every region has a rate"
