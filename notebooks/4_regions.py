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
# A map, the change of each region, and a funnel that tells small numbers from real differences.

# %%
import numpy as np
from scipy.stats import chi2

from pipelines.reader import SeriesQuery, map_boundaries, plot_map, plot_slopes, read_map_rates

asked = SeriesQuery("0101", "MX", source="mx_sesnsp_victims")
found = read_map_rates(asked)
plot_map(found, map_boundaries(found))

# %% [markdown]
# ## Change
# Only regions with a rate in both years and no break between.

# %%
plot_slopes(asked, 2015, 2024)

# %% [markdown]
# ## Funnel
# Each region against its population. Inside the lines (exact Poisson limits, 95 and 99.8 %) a rate is what chance alone would give around the rate of all together;
# the wider the funnel, the less a rank says.

# %%
import matplotlib.pyplot as plt

rows = list(found.rows.values())
people = np.array([row["population"] for row in rows])
events = np.array([row["value"] for row in rows])
overall = events.sum() / people.sum()
grid = np.geomspace(people.min() / 1.2, people.max() * 1.2, 200)

figure, axes = plt.subplots(figsize=(8, 4.8), layout="constrained")
axes.plot(people, events / people * 1e5, "o", color="black", markersize=4)
for tail, line in ((0.025, "--"), (0.001, ":")):
    low, high = chi2.ppf(tail, 2 * overall * grid) / 2, chi2.ppf(1 - tail, 2 * overall * grid + 2) / 2
    axes.plot(grid, low / grid * 1e5, line, grid, high / grid * 1e5, line, color="0.4")
for row in sorted(rows, key=lambda row: -row["rate_per_100k"])[:6]:
    axes.annotate(row["ref_area"], (row["population"], row["rate_per_100k"]), (5, 0), textcoords="offset points", va="center", fontsize=8)
axes.axhline(overall * 1e5, color="0.4")
axes.set_xscale("log")
axes.set_ylim(bottom=0)
axes.set(xlabel="population", ylabel="per 100,000 population", title=f"Intentional homicide, {found.key.name}, {found.year}")
plt.show()

# %% [markdown]
# ## Regions without a rate
# Missing is not zero.

# %%
found.missing or "every region has a rate"
