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
# # One category, several definitions: intentional homicide side by side
#
# All series are mapped to ICCS 0101, yet they do not measure the same thing: what is counted (victims, offences), who records it, and which national
# categories are inside differ. The table under the picture says how, in the words of the concordances. Reads schema `out` only; countries whose
# files are not loaded are left out.

# %%
import textwrap

import matplotlib.pyplot as plt

import pandas as pd

from pipelines.reader import SeriesQuery, country_rates, open_release

crime = open_release()  # the newest; crime.is_newer() is true once another is published, crime.reconnect() switches to it
out, release = crime.connection, crime.release
sources = [
    "mx_sesnsp_victims",
    "ar_snic",
    "br_sinesp_offences",
    "za_saps",
    "es_balances",
    "us_fbi_estimates",
    "co_policia_homicides",
]
# Of each source and country the preferred series, totals of every attribute: victims where it counts victims, else offences ...
series = pd.DataFrame(country_rates(SeriesQuery("0101", stage="recorded")))
series = series[series["source"].isin(sources) & series["rate_per_100k"].gt(0)]
series.groupby(["country", "source", "counting_unit"])["year"].agg(["min", "max"])

# %%
styles = [("-", "o"), ("--", "s"), (":", "^"), ("-.", "D"), ((0, (5, 1, 1, 1)), "v"), ((0, (1, 2)), "P"), ("-", "x")]
figure, axes = plt.subplots(figsize=(9, 5.5), layout="constrained")
for (line, marker), ((country, unit), rows) in zip(styles, series.groupby(["country", "counting_unit"]), strict=False):
    rates = rows.set_index("year")["rate_per_100k"].reindex(range(rows["year"].min(), rows["year"].max() + 1))  # gaps stay gaps
    axes.plot(rates.index, rates, linestyle=line, marker=marker, markersize=4, color="black", label=f"{country} ({unit}s)")
axes.set_yscale("log")
axes.set_yticks([0.5, 1, 2, 5, 10, 20, 40], ["0.5", "1", "2", "5", "10", "20", "40"])
axes.set_ylabel("per 100,000 population (log scale)")
axes.set_title("Intentional homicide (ICCS 0101) by national sources", loc="left")
axes.legend(frameon=False, fontsize=8, loc="center left", bbox_to_anchor=(1, 0.5))
figure.supxlabel(f"Definitions differ: see the table below. Release {release}.", fontsize=8, x=0.01, ha="left")
plt.show()

# %% [markdown]
# ## What is inside 0101 in each source

# %%
links = out.execute(
    """
    SELECT DISTINCT source, national_label, relation, note FROM out.mapping
    WHERE iccs = '0101' AND count_linked > 0 AND source IN (SELECT unnest($sources))
    ORDER BY source, national_label
    """,
    {"sources": sources},
).fetchall()
for source, label, relation, note in links:
    print(textwrap.fill(f"{source}: {label} ({relation}). {note}", 110, subsequent_indent="    "))

# %%
crime.close()
