"""
Classification and imputation with missing values
=================================================

This example removes 30 % of the values of a table of tumour measurements at random. It
trains the model on the incomplete table, classifies incomplete samples, imputes their
missing values, and draws several plausible values for each missing one.
"""

# %%
# The data
# --------
# Values are removed from both the training and the test set. The original values of the
# test set are kept for evaluation.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.experimental import enable_iterative_imputer  # noqa: F401
from sklearn.impute import IterativeImputer, KNNImputer, SimpleImputer
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

from sklearn_revae import ReVAEClassifier, ReVAETransformer
from sklearn_revae.datasets import mask_labels

complete, y = load_breast_cancer(return_X_y=True, as_frame=True)
removed = np.random.default_rng(0).random(complete.shape) < 0.3
X, X_test, y, y_test, _, truth, _, removed_test = train_test_split(
    complete.mask(removed),
    y,
    complete,
    removed,
    test_size=0.3,
    stratify=y,
    random_state=0,
)
print(f"{len(X)} training samples, {X.isna().mean().mean():.0%} of the values missing")

# %%
# Classification
# --------------
# Twenty labels per class are known. Histogram-based gradient boosting also supports
# missing values, but it can only use the labelled samples.

y_few = mask_labels(y, n_per_class=20, random_state=0)
known = y_few != -1
model = ReVAEClassifier(random_state=0).fit(X, y_few)
boosting = HistGradientBoostingClassifier(random_state=0).fit(X[known], y[known])
print(f"accuracy on {len(X_test)} test samples, {known.sum()} labels")
for classifier in [model, boosting]:
    print(f"  {type(classifier).__name__:<32}{classifier.score(X_test, y_test):.3f}")

# %%
# Imputation
# ----------
# Each imputer is fitted on the training set and fills the missing values of the test set.
# We compare the root mean squared error of the removed values, in units of the standard
# deviation of each feature. KNNImputer requires scaled features, and IterativeImputer
# converges only with scaled features, so all imputers of scikit-learn receive scaled
# data. ReVAETransformer needs no labels, and is fitted faster. If you only need
# imputation, ReVAEImputer does the same as a step of a Pipeline.

std = complete.std().to_numpy()


def error(filled):
    """Compute the RMSE of the removed values, in standard deviations."""
    difference = ((np.asarray(filled) - truth) / std).to_numpy()
    return np.sqrt(np.mean(difference[removed_test] ** 2))


errors = {}
for imputer in [
    SimpleImputer(),
    KNNImputer(),
    IterativeImputer(max_iter=20, tol=0.01, random_state=0),
]:
    scaler = StandardScaler().fit(X)
    imputer.fit(scaler.transform(X))
    filled = scaler.inverse_transform(imputer.transform(scaler.transform(X_test)))
    errors[type(imputer).__name__] = error(filled)
imputed = model.impute(X_test)
errors["ReVAEClassifier"] = error(imputed)
transformer = ReVAETransformer(random_state=0).fit(X)
errors["ReVAETransformer"] = error(transformer.impute(X_test))
print(f"RMSE of {removed_test.sum()} imputed values, in standard deviations")
for name, value in errors.items():
    print(f"  {name:<20}{value:.3f}")

# %%
# Uncertainty of the imputed values
# ---------------------------------
# Instead of a single value, ``impute`` can return several draws for each missing value.
# The less the observed features tell about a missing value, the more its draws should
# vary. If the draws are calibrated, 90 % of the removed values lie within the central
# 90 % of their draws; if fewer do, the model is overconfident.

draws = model.impute(X_test, n_samples=200, random_state=0)
low, high = np.quantile(draws, [0.05, 0.95], axis=1)
within = (low <= truth) & (truth <= high)
coverage = within.to_numpy()[removed_test].mean()
print(f"removed values within the central 90 % of their draws: {coverage:.1%}")

# %%
# The left panel compares the errors over all features. The right panel shows the removed
# values of one feature in the test set, sorted by size, with their imputations.

FEATURE = "mean concave points"

missing = np.flatnonzero(X_test[FEATURE].isna())
missing = missing[np.argsort(truth[FEATURE].to_numpy()[missing])]
j = X_test.columns.get_loc(FEATURE)

fig, (left, right) = plt.subplots(
    1, 2, figsize=(10, 4), width_ratios=[1, 1.7], layout="constrained"
)
colors = ["tab:blue" if "ReVAE" in name else "lightgray" for name in errors]
bars = left.barh(list(errors), errors.values(), color=colors)
left.bar_label(bars, fmt="%.2f", padding=3)
left.invert_yaxis()
left.tick_params(axis="y", length=0)
left.set(xlabel="RMSE [standard deviations]", title="Missing values of the test set")
interval = {"color": "tab:blue", "alpha": 0.35, "lw": 4}
right.vlines(np.arange(len(missing)), low[missing, j], high[missing, j], **interval)
right.plot(
    imputed.iloc[missing, j].to_numpy(), "_", color="tab:blue", ms=7, label="imputed"
)
right.plot(truth.iloc[missing, j].to_numpy(), ".", color="black", label="removed value")
right.plot([], [], label="central 90 % of the draws", **interval)
right.set(
    xticks=[],
    xlabel="test samples in which the feature is missing",
    ylabel=FEATURE,
    title="Imputed values of one feature",
)
right.legend(frameon=False)
for ax in [left, right]:
    ax.spines[["top", "right"]].set_visible(False)

# sphinx_gallery_start_ignore
import sys

if len(sys.argv) > 1:
    fig.savefig(sys.argv[1], dpi=130)
    print(f"wrote {sys.argv[1]}")
else:
    plt.show()
# sphinx_gallery_end_ignore
