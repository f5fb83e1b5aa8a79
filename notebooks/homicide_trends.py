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
# # Intentional homicide: Mexico by sex, and all countries
#
# Reads schema `out` of the published file only. Make the file with `iccs run`, then run this notebook from the folder that holds
# `data/`, or set `ICCS_DATA`. ICCS 0101 counts completed intentional homicides, femicide included.

# %%
import matplotlib.pyplot as plt

import pandas as pd

from pipelines.reader import SeriesQuery, country_rates, open_release, plot_pyramid, plot_slopes

crime = open_release()  # the newest; crime.is_newer() is true once another is published, crime.reconnect() switches to it
out, release = crime.connection, crime.release
out.execute("SELECT source, title, vintage, first_period, last_period FROM out.source ORDER BY kind, source").df()

# %% [markdown]
# ## Mexico, by sex
# The rate of each sex divides by the population of that sex. Bands are exact Poisson 95 % intervals.

# %%
mexico = out.execute(
    """
    SELECT 'M' AS sex, * FROM out.trend_of('0101', 'MX', sex := 'M')
    UNION ALL SELECT 'F', * FROM out.trend_of('0101', 'MX', sex := 'F')
    UNION ALL SELECT '_T', * FROM out.trend_of('0101', 'MX')
    """
).df()
labels = dict(out.execute("SELECT code, label_en FROM out.sex").fetchall())
styles = {"M": ("-", "o"), "_T": ("--", "s"), "F": (":", "^")}

figure, axes = plt.subplots(figsize=(8, 4.5), layout="constrained")
for sex, (line, marker) in styles.items():
    rows = mexico[mexico["sex"] == sex]
    years = rows["time_period"].astype(int)
    axes.plot(years, rows["rate_per_100k"], linestyle=line, marker=marker, color="black", label=labels[sex])
    axes.fill_between(years, rows["ci_low"], rows["ci_high"], color="0.8")
axes.set_ylim(bottom=0)
axes.set_ylabel("per 100,000 population of the sex")
axes.set_title("Intentional homicide in Mexico by sex of the victim", loc="left")
axes.legend(frameon=False)
figure.supxlabel(f"Source: SESNSP; population CONAPO. Release {release}.", fontsize=8, x=0.01, ha="left")
plt.show()

# %% [markdown]
# Unknown sex has no population and therefore no rate; it is included in the total. How much is it?

# %%
out.execute(
    """
    PIVOT (SELECT time_period, sex, value FROM out.observation
           WHERE iccs = '0101' AND ref_area = 'MX' AND freq = 'A' AND age = '_T' AND weapon = '_T')
    ON sex USING sum(value) ORDER BY time_period
    """
).df()

# %% [markdown]
# ## Mexico, by state, and by age and sex
# `pipelines.reader` has the pictures of the command line as functions; each returns a matplotlib figure and says what it shows.

# %%
plot_slopes(SeriesQuery("0101", "MX"), 2015, 2024)

# %%
plot_pyramid(SeriesQuery("0101", "MX"), 2024)

# %% [markdown]
# ## All countries
# One line a country and source; victims where a source counts them, else offences (`counting_unit`). Countries with the highest latest
# rates are named, the others are drawn in grey. A year without any homicide (in some small countries) cannot be shown on a log scale: a gap.

# %%
countries = pd.DataFrame(country_rates(SeriesQuery("0101", stage="recorded")))
named = countries.groupby("country")["rate_per_100k"].last().nlargest(4).index
marks = dict(zip(named, [("-", "o"), ("--", "s"), ("-.", "D"), (":", "^")], strict=False))

figure, axes = plt.subplots(figsize=(8, 5.5), layout="constrained")
for (country, _), rows in countries.groupby(["country", "source"]):
    years = range(rows["year"].min(), rows["year"].max() + 1)  # a missing year is a gap, not a line across
    rates = rows.set_index("year")["rate_per_100k"].reindex(years)
    rates = rates.where(rates > 0)
    if country in marks:
        line, marker = marks[country]
        axes.plot(rates.index, rates, linestyle=line, marker=marker, color="black", label=country, zorder=3)
    else:
        axes.plot(rates.index, rates, color="0.75", linewidth=0.8)
axes.set_yscale("log")
axes.set_yticks([0.2, 0.5, 1, 2, 5, 10, 20, 30], ["0.2", "0.5", "1", "2", "5", "10", "20", "30"])
axes.set_ylabel("per 100,000 population (log scale)")
axes.set_title(f"Intentional homicide, {countries['country'].nunique()} countries", loc="left")
axes.legend(frameon=False)
figure.supxlabel(f"Sources: see out.source. Release {release}.", fontsize=8, x=0.01, ha="left")
plt.show()

# %% [markdown]
# ## Direction of each series
# Log-linear trend at 5 % over the years each source has; "stable" and "inconclusive" are results, and not the same one.

# %%
out.execute(
    """
    SELECT direction, count(DISTINCT name_en) AS countries, string_agg(DISTINCT name_en, ', ' ORDER BY name_en) AS which
    FROM out.trend JOIN out.area ON area.code = trend.ref_area
    WHERE iccs = '0101' AND trend.area_level = 'country' AND sex = '_T'
    GROUP BY direction ORDER BY countries DESC
    """
).df()

# %%
crime.close()
