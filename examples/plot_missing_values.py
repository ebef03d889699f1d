"""
A table with holes
==================

Thirty measurements of tumours, of which 30 % are taken away at random. The model is
fitted to the table as it is, classifies rows with holes, fills them, and draws several
values for each.
"""

# %%
# The data
# --------
# Training and test rows lose cells alike. What was there is kept aside to compare with.

import sys

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

whole, y = load_breast_cancer(return_X_y=True, as_frame=True)
holes = np.random.default_rng(0).random(whole.shape) < 0.3
X, X_test, y, y_test, _, truth, _, lost = train_test_split(
    whole.mask(holes), y, whole, holes, test_size=0.3, stratify=y, random_state=0
)
print(f"{len(X)} rows, {X.isna().mean().mean():.0%} of their cells missing")

# %%
# Accuracy with holes
# -------------------
# Twenty labels a class. Histogram boosting takes missing values too, but can only use
# the labelled rows.

y_few = mask_labels(y, n_per_class=20, random_state=0)
known = y_few != -1
model = ReVAEClassifier(random_state=0).fit(X, y_few)
boosting = HistGradientBoostingClassifier(random_state=0).fit(X[known], y[known])
print(f"accuracy on {len(X_test)} test rows with as many holes, {known.sum()} labels")
for rival in [model, boosting]:
    print(f"  {type(rival).__name__:<32}{rival.score(X_test, y_test):.3f}")

# %%
# The holes filled
# ----------------
# The imputers learn from the training rows and fill the test rows. The error is that of
# the cells that were taken away, in standard deviations of their columns. Nearest
# neighbours need scaled columns; so does the iterative imputer, to converge. Who wants
# holes filled and nothing else is served best by a small model and few epochs: it takes
# less than a second to fit.

spread = whole.std().to_numpy()


def error(filled):
    """Root mean square over the lost cells, in standard deviations."""
    return np.sqrt(np.mean(((np.asarray(filled) - truth) / spread).to_numpy()[lost] ** 2))


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
best = model.impute(X_test)
errors["ReVAEClassifier"] = error(best)
brief = ReVAETransformer((128,), learning_rate_init=0.01, max_iter=3, random_state=0)
errors["ReVAE, 3 epochs"] = error(brief.fit(X).impute(X_test))
print(f"error of {lost.sum()} cells filled in, in standard deviations")
for name, value in errors.items():
    print(f"  {name:<20}{value:.3f}")

# %%
# How sure it is
# --------------
# Draws instead of one value: where the rest of a row says little, they should spread. If
# they spread as they should, nine in ten of the lost values lie within the middle 90 % of
# their draws; if fewer do, the model is surer than it ought to be.

draws = model.impute(X_test, n_samples=200, random_state=0)
low, high = np.quantile(draws, [0.05, 0.95], axis=1)
within = (low <= truth) & (truth <= high)
print(f"values within 90 % of their draws: {within.to_numpy()[lost].mean():.1%}")

# %%
# On the left the errors of all columns. On the right one column of the test rows, and
# what was taken away from it, in order of size.

COLUMN = "mean concave points"

gaps = np.flatnonzero(X_test[COLUMN].isna())
gaps = gaps[np.argsort(truth[COLUMN].to_numpy()[gaps])]
j = X_test.columns.get_loc(COLUMN)

fig, (left, right) = plt.subplots(
    1, 2, figsize=(10, 4), width_ratios=[1, 1.7], layout="constrained"
)
colors = ["tab:blue" if "ReVAE" in name else "lightgray" for name in errors]
bars = left.barh(list(errors), errors.values(), color=colors)
left.bar_label(bars, fmt="%.2f", padding=3)
left.invert_yaxis()
left.tick_params(axis="y", length=0)
left.set(xlabel="error, in standard deviations", title="Holes of the test rows")
right.vlines(
    np.arange(len(gaps)), low[gaps, j], high[gaps, j], color="tab:blue", alpha=0.35, lw=4
)
right.plot(best.iloc[gaps, j].to_numpy(), "_", color="tab:blue", ms=7, label="filled in")
right.plot(truth.iloc[gaps, j].to_numpy(), ".", color="black", label="taken away")
right.plot([], [], color="tab:blue", alpha=0.35, lw=4, label="90 % of the draws")
right.set(xticks=[], xlabel="test rows without it", title=f"The column {COLUMN!r}")
right.legend(frameon=False)
for ax in [left, right]:
    ax.spines[["top", "right"]].set_visible(False)

# sphinx_gallery_start_ignore
if len(sys.argv) > 1:
    fig.savefig(sys.argv[1], dpi=130)
    print(f"wrote {sys.argv[1]}")
else:
    plt.show()
# sphinx_gallery_end_ignore
