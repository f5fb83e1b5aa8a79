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
# # What changed
# In the series (segments, latest months) and in the release itself (revisions).

# %%
from pipelines.reader import SeriesQuery, open_release, plot_monthly, plot_trend, read_monthly, read_series

crime = open_release()

# %% [markdown]
# ## Segments
# Joinpoint segments of the rate, over the years that may be compared.

# %%
plot_trend(SeriesQuery("0101", "AR", counting_unit="victim"))

# %%
crime.connection.sql(
    "SELECT * EXCLUDE (vintage) FROM out.trend_segment WHERE ref_area = 'AR' AND indicator = 'homicide_rate' AND sex = '_T' ORDER BY counting_unit, first_year"
).df()

# %% [markdown]
# ## Latest months
# The last months change when new ones arrive: in the source, and in the seasonal adjustment.

# %%
monthly = SeriesQuery("0101", "MX", freq="M")
plot_monthly(read_monthly(monthly))

# %%
read_series(monthly).frame().tail(13)

# %% [markdown]
# ## Revisions
# Every load of every source is kept. After a single load nothing has been revised yet, and these tables are empty.

# %%
crime.connection.sql("SELECT source, loaded_at, observations FROM out.vintage ORDER BY source, loaded_at").df()

# %%
crime.connection.sql("FROM out.release_change ORDER BY cells DESC").df()
