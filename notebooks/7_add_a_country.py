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
# # Add a country
# From a file as published by an office to a rate, in a project of its own in a temporary folder. Your own project is not touched; the figures are invented.

# %%
import os
import tempfile
from pathlib import Path

from pipelines.cli.main import main
from pipelines.reader import SeriesQuery, plot_trend, read_rates
from pipelines.system.settings import load_settings

office = Path(tempfile.mkdtemp()) / "office"
main(["init", str(office)])
os.environ["ICCS_PROJECT"] = str(office)
os.environ["ICCS_DATA"] = str(office / "data")

# %% [markdown]
# ## What an office writes
# A source is a few lines of data: how the file is read, what its labels mean, and which category of the ICCS each of its offences belongs to. This is the example in every new project.

# %%
for name in ("source.yml", "values.csv", "concordance.csv"):
    print(f"--- {name}\n{(office / 'sources' / 'xx_example_offences' / name).read_text()}")

# %%
print(next((office / "data" / "input" / "xx_example_offences").iterdir()).read_text()[:600])

# %% [markdown]
# ## Run it
# Every row is used, excluded by a named rule, or rejected; otherwise nothing is published.

# %%
main(["run"])

# %% [markdown]
# ## Read it

# %%
settings = load_settings()
read_rates(SeriesQuery("0101", "XX"), settings=settings)[0].frame().T

# %%
plot_trend(SeriesQuery("0101", "XX"), settings=settings)

# %% [markdown]
# ## Your own file
# `iccs sources new FILE --id NAME` writes a first definition from one of your files, and asks for what it cannot know.
