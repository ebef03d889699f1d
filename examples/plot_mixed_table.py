"""
A table with text, numbers and missing values
=============================================

This example trains a model on a DataFrame of penguin measurements that contains text,
numbers and missing values, without any preprocessing. The species is known for only four
birds per species. An intervention on the species returns a DataFrame with the same
columns and dtypes: the birds as they would look as Gentoo penguins.

The data are part of the package palmerpenguins (CC0); install it with
``pip install --no-deps palmerpenguins``.
"""

# %%
# The data
# --------
# We only read the data file; the package itself does not need to be importable.

# sphinx_gallery_start_ignore
import sys
from importlib.util import find_spec

if find_spec("palmerpenguins") is None:
    print("The data are not installed: pip install --no-deps palmerpenguins")
    sys.exit(0)
# sphinx_gallery_end_ignore

from importlib.metadata import distribution

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from sklearn_revae import ReVAEClassifier
from sklearn_revae.datasets import mask_labels

package = distribution("palmerpenguins")
table = pd.read_csv(package.locate_file("palmerpenguins/data/penguins.csv"))
species = table.pop("species")
table = table.drop(columns="year")
print(f"{len(table)} birds, {table.isna().sum().sum()} missing values; first birds:")
print(table.head(4).to_string(), "\n")

# %%
# Accuracy
# --------
# Half of the birds are held out as the test set. In the other half, four birds per
# species keep their label, and the others are marked as unlabelled with -1. We compare
# with a logistic regression on these twelve labelled birds. It requires a pipeline that
# imputes missing values, scales numbers and encodes categories; ReVAE does all of this
# itself. With only twelve labels, the scores depend on which birds are labelled, so we
# average over five random choices. These species are easy to distinguish, so both
# classifiers make few errors.

numbers = make_pipeline(SimpleImputer(), StandardScaler())
categories = make_pipeline(
    SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore")
)
columns = make_column_transformer(
    (numbers, make_column_selector(dtype_include="number")),
    (categories, make_column_selector(dtype_exclude="number")),
)
logistic = make_pipeline(columns, LogisticRegression())

scores = {"ReVAEClassifier": [], "LogisticRegression": []}
for seed in range(5):
    X, X_test, y, y_test = train_test_split(
        table, species, test_size=0.5, stratify=species, random_state=seed
    )
    y_few = mask_labels(y, n_per_class=4, random_state=seed)
    known = y_few != -1
    model = ReVAEClassifier(random_state=0).fit(X, y_few)
    scores["ReVAEClassifier"].append(model.score(X_test, y_test))
    logistic.fit(X[known], y[known])
    scores["LogisticRegression"].append(logistic.score(X_test, y_test))

print(
    f"accuracy on {len(X_test)} test birds, five random choices of {known.sum()} labels"
)
for name, values in scores.items():
    print(f"  {name:<20}mean {np.mean(values):.3f}, worst {min(values):.3f}")

# %%
# Inferred feature types
# ----------------------
# The model infers the type of each feature, and with it the likelihood, from the data.

print(f"\n{model.column_kinds_}\n")

# %%
# The birds as Gentoo penguins
# ----------------------------
# We set the species of all other test birds to Gentoo. The result is a DataFrame with the
# same columns and dtypes. The island becomes Biscoe, where all Gentoo penguins in these
# data live: interventions follow associations in the data, not causal effects. Features
# that must not change can be listed, for example ``keep=["sex"]``. Without it, most birds
# keep their sex, but not all.

others = X_test[y_test != "Gentoo"].dropna()
as_gentoo = model.intervene(others, "Gentoo")
print("before the intervention\n" + others.head(4).round(1).to_string())
print("after the intervention\n" + as_gentoo.head(4).round(1).to_string())
print("same dtypes:", bool((as_gentoo.dtypes == others.dtypes).all()))
on_biscoe = [np.mean(birds["island"] == "Biscoe") for birds in [others, as_gentoo]]
print(f"on Biscoe: {on_biscoe[0]:.0%} before, {on_biscoe[1]:.0%} after")
print(f"sex unchanged: {np.mean(as_gentoo['sex'] == others['sex']):.0%}")

# %%
# The figure shows bill length and depth before and after the intervention. Most birds
# move into the range of the measured Gentoo penguins. Each keeps its own deviation: birds
# that have a long bill for their species get a bill that is long for a Gentoo penguin.

COLORS = {"Adelie": "tab:orange", "Chinstrap": "tab:purple"}
AXES = ["bill_length_mm", "bill_depth_mm"]

fig, ax = plt.subplots(figsize=(7.4, 5.6), layout="constrained")
gentoo = table.loc[species == "Gentoo", AXES].to_numpy()
ax.scatter(*gentoo.T, s=90, c="tab:green", alpha=0.15, lw=0, label="Gentoo, measured")
for name, color in COLORS.items():
    selected = species[others.index] == name
    before, after = others.loc[selected, AXES], as_gentoo.loc[selected, AXES]
    ax.scatter(*before.to_numpy().T, s=22, c=color, label=f"{name}, measured")
    ax.scatter(
        *after.to_numpy().T, s=22, fc="white", ec=color, label=f"{name}, as Gentoo"
    )
    for start, end in zip(before.to_numpy()[::6], after.to_numpy()[::6], strict=True):
        ax.annotate(
            "", end, start, arrowprops={"arrowstyle": "->", "color": color, "alpha": 0.5}
        )
ax.set(xlabel="bill length [mm]", ylabel="bill depth [mm]")
ax.set_title('Test birds before and after model.intervene(birds, "Gentoo")')
ax.spines[["top", "right"]].set_visible(False)
fig.legend(loc="outside lower center", ncols=3, frameon=False)

# sphinx_gallery_start_ignore
if len(sys.argv) > 1:
    fig.savefig(sys.argv[1], dpi=130)
    print(f"wrote {sys.argv[1]}")
else:
    plt.show()
# sphinx_gallery_end_ignore
