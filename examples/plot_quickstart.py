"""
Ten digits from fifty labels
============================

A classifier for scikit-learn's digits that is told five labels a class, beside two
that are told the same; then digits of the test set, drawn as every other digit.
"""

# %%
# The data
# --------
# All rows are used to fit, most of them without a label: -1 stands for "not known".

import sys
from time import perf_counter

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.semi_supervised import LabelSpreading

from sklearn_revae import ReVAEClassifier

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(
    X / 16, y, test_size=0.3, stratify=y, random_state=0
)
rng = np.random.default_rng(0)
labeled = np.concatenate(
    [
        rng.choice(np.flatnonzero(y_train == digit), 5, replace=False)
        for digit in range(10)
    ]
)
y_few = np.full_like(y_train, -1)
y_few[labeled] = y_train[labeled]
print(f"{len(y_few)} rows to learn from, {len(labeled)} of them labelled")

# %%
# Accuracy
# --------
# Logistic regression can only use the labelled rows; the others use all.

start = perf_counter()
model = ReVAEClassifier(random_state=0).fit(X_train, y_few)
seconds = perf_counter() - start
rivals = {
    "ReVAEClassifier": model,
    "LabelSpreading": LabelSpreading(kernel="knn", n_neighbors=7).fit(X_train, y_few),
    "LogisticRegression": LogisticRegression(max_iter=1000).fit(
        X_train[labeled], y_train[labeled]
    ),
}
print(f"accuracy on {len(y_test)} test rows (ReVAE fitted in {seconds:.0f} s)")
for name, estimator in rivals.items():
    # LabelSpreading divides by zero where no label reaches a row, and calls it a 0.
    with np.errstate(invalid="ignore"):
        print(f"  {name:<20}{estimator.score(X_test, y_test):.3f}")

# %%
# Interventions
# -------------
# The first test row of each digit, as the model draws it, and as it draws it with
# another label. What is not about the label should stay: slant, width, thickness. Where
# an edit comes out grey, the model draws something between the two digits.

rows = X_test[[np.flatnonzero(y_test == digit)[0] for digit in range(10)]]
pictures = [rows, model.reconstruct(rows)]
pictures += [model.intervene(rows, digit) for digit in range(10)]

# One large picture: a pixel of paper around each digit, more after the first two.
tiles = np.pad(np.reshape(pictures, (12, 10, 8, 8)), [(0, 0), (0, 0), (1, 1), (1, 1)])
tiles = np.insert(tiles.transpose(1, 2, 0, 3).reshape(100, 120), [10, 20], 0, axis=1)
fig, ax = plt.subplots(figsize=(7.4, 6.3), layout="constrained")
ax.imshow(tiles, cmap="gray_r", vmin=0, vmax=1)
centres = 10 * np.arange(12) + 4.5 + np.minimum(np.arange(12), 2)
ax.set_xticks(centres, ["row", "rebuilt", *range(10)])
ax.set_yticks(10 * np.arange(10) + 4.5, [f"a {digit}" for digit in range(10)])
ax.tick_params(length=0, top=False, labeltop=True, labelbottom=False)
ax.spines[:].set_visible(False)
ax.set_title("Test digits, and model.intervene(row, digit) for every digit")

# sphinx_gallery_start_ignore
if len(sys.argv) > 1:
    fig.savefig(sys.argv[1], dpi=130)
    print(f"wrote {sys.argv[1]}")
else:
    plt.show()
# sphinx_gallery_end_ignore
