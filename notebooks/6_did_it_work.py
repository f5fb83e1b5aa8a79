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
# The average of the first twelve months after a date, relative to what the course before it led one to expect, and the same estimate at all other dates and in all other
# states: if those are as large, the method finds effects where there are none. The date is only an example; no policy began on it.

# %%
import matplotlib.pyplot as plt
import numpy as np

from pipelines.reader import SeriesQuery, evaluate_policy, plot_evaluation

asked = SeriesQuery("0101", "MX-JAL", freq="M", source="mx_sesnsp_victims")
found = evaluate_policy(asked, "2020-07")
plot_evaluation(found)

# %%
first = found.first_year
f"{first.effect.value:.2f} times what was expected ({first.effect.low:.2f} to {first.effect.high:.2f}), p = {first.effect.p:.3f}: {first.verdict}"

# %% [markdown]
# ## Other dates and areas
# The distribution of the same estimate where nothing is known to have begun. The share of them that is as extreme, measured in standard errors, is the randomisation p.

# %%
figure, axes = plt.subplots(figsize=(8, 4), layout="constrained")
axes.hist(np.exp(first.placebos.logs), bins=np.arange(0.2, 2.65, 0.05), color="0.7")
axes.axvline(first.effect.value, color="black", label="MX-JAL 2020-07")
axes.set(xlabel="first 12 months, over what was expected", ylabel="dates and states", title="The same estimate where nothing is known to have begun")
axes.legend(frameon=False)
plt.show()

# %%
f"randomisation p {first.randomisation_p:.3f}, of {len(first.placebos.logs):,} other dates and states"
