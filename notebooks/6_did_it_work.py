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
# # Did it work?
# An interrupted time series at a date, and the same model at dates when nothing is known to have begun: if those give effects as large, the method finds effects where
# there are none. The date here is an example, not a strategy that began then.

# %%
from dataclasses import replace

import matplotlib.pyplot as plt

from pipelines.reader import SeriesQuery, evaluate_policy, plot_evaluation

asked = SeriesQuery("0101", "MX", freq="M", source="mx_sesnsp_victims")
found = evaluate_policy(asked, "2020-07")
plot_evaluation(found)

# %%
level = found.interrupted.level
f"{level.value:.2f} times what was expected ({level.low:.2f} to {level.high:.2f}), p = {level.p:.3f}"

# %% [markdown]
# ## Placebo dates
# Months at least a year away from the date, with two years of comparable months before them.

# %%
dates = ["2019-01", "2019-04", "2019-07", "2021-07", "2022-01", "2022-07", "2023-01", "2023-07", "2024-01"]
placebo = {date: evaluate_policy(asked, date).interrupted.level for date in dates}

figure, axes = plt.subplots(figsize=(8, 4), layout="constrained")
for place, (date, effect) in enumerate({**placebo, "2020-07": level}.items()):
    colour = "black" if date == "2020-07" else "0.55"
    axes.plot((effect.low, effect.high), (place, place), "-", color=colour)
    axes.plot(effect.value, place, "o" if colour == "black" else "s", color=colour)
axes.axvline(1, color="0.3", linestyle=":")
axes.set_yticks(range(len(placebo) + 1), [*placebo, "2020-07 (asked)"])
axes.set(xlabel="level just after, over what was expected", title="The same model at other dates")
plt.show()

# %% [markdown]
# The share of placebo dates whose effect is at least as far from 1:

# %%
sum(abs(effect.value - 1) >= abs(level.value - 1) for effect in placebo.values()) / len(placebo)
