"""Compare imputation errors; the values are from benchmarks/RESULTS.rst."""

import matplotlib.pyplot as plt

ERRORS = {
    "breast_cancer": {
        "SimpleImputer": 0.998,
        "KNNImputer": 0.614,
        "IterativeImputer": 0.437,
        "impute": 0.377,
    },
    "satimage": {
        "SimpleImputer": 0.998,
        "KNNImputer": 0.249,
        "IterativeImputer": 0.223,
        "impute": 0.210,
    },
}

fig, axes = plt.subplots(1, 2, figsize=(8, 2.4), layout="constrained", sharey=True)
for ax, (data, errors) in zip(axes, ERRORS.items(), strict=True):
    bars = ax.barh(list(errors), errors.values(), color=["0.8"] * 3 + ["C0"])
    ax.bar_label(bars, fmt="%.3f", padding=3)
    ax.set(title=data, xlim=(0, 1.2), xlabel="RMSE [standard deviations]")
    ax.tick_params(axis="y", length=0)
    ax.spines[["top", "right"]].set_visible(False)
axes[0].invert_yaxis()
