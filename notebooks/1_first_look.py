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
# # First look
# The newest release of the project (this notebook may be in any folder below it): what it contains, one series with its caveats, and the same series by sex.

# %%
from pipelines.reader import SeriesQuery, open_release, plot_trend, read_rates

crime = open_release()
crime.connection.sql("SELECT source, title, publisher, licence, first_period, last_period FROM out.source ORDER BY kind, source").df()

# %% [markdown]
# ## One country
# The footer of a chart gives the direction of the series and the years for which it was tested, the source of the population, and every caveat. Crosses mark years
# without a figure that may be shown.

# %%
homicide = SeriesQuery("0101", "MX")
plot_trend(homicide)

# %% [markdown]
# ## The figures behind it
# A count is compared only with years of the same definition; `caveats` and `obs_status` belong to each figure.

# %%
series = read_rates(homicide)[0]
series.frame()[["value", "population", "rate_per_100k", "ci_low", "ci_high", "obs_status", "caveats"]]

# %% [markdown]
# ## By sex, in another language
# Every chart unpacks to a matplotlib figure and axes, which you can restyle.

# %%
picture = plot_trend(homicide, by="sex", language="es")
figure, axes = picture
axes.set_ylim(bottom=0)
picture

# %% [markdown]
# ## Which states rose?
# The direction of each state over the years that may be compared, as the release tested it.

# %%
crime.connection.sql(
    """
    SELECT name_en AS state, direction, first_year, last_year, apc, apc_low, apc_high, adjusted_p
    FROM out.trend JOIN out.area ON code = ref_area
    WHERE iccs = '0101' AND parent = 'MX' AND sex = '_T' AND counting_unit = 'victim'
    ORDER BY direction, apc DESC
    """
).df()
