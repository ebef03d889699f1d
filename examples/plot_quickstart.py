"""
Quickstart: classify and edit digits with 50 labels
===================================================

This example trains :class:`sklearn_revae.ReVAEClassifier` on scikit-learn's digits with
five labels per class, compares its accuracy with two other classifiers, and then edits
test digits so that they look like every other digit.
"""

# %%
# The data
# --------
# All training samples are used, although most of them are unlabelled. As elsewhere in
# scikit-learn, the label -1 marks an unlabelled sample.

from time import perf_counter

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.semi_supervised import LabelSpreading

from sklearn_revae import ReVAEClassifier

X, y = load_digits(return_X_y=True)
# Only the other classifiers and imshow need values in [0, 1].
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
print(f"{len(y_few)} training samples, {len(labeled)} of them labelled")

# %%
# Accuracy
# --------
# ReVAE and LabelSpreading learn from all training samples. Logistic regression can only
# use the labelled ones.

start = perf_counter()
model = ReVAEClassifier(random_state=0).fit(X_train, y_few)
seconds = perf_counter() - start
estimators = {
    "ReVAEClassifier": model,
    "LabelSpreading": LabelSpreading(kernel="knn", n_neighbors=7).fit(X_train, y_few),
    "LogisticRegression": LogisticRegression(max_iter=1000).fit(
        X_train[labeled], y_train[labeled]
    ),
}
print(f"accuracy on {len(y_test)} test samples (ReVAE was fitted in {seconds:.0f} s)")
for name, estimator in estimators.items():
    # LabelSpreading divides by zero for samples that no label reaches; it predicts 0.
    with np.errstate(invalid="ignore"):
        print(f"  {name:<20}{estimator.score(X_test, y_test):.3f}")

# %%
# Interventions
# -------------
# ``intervene`` returns samples edited to have another label. The figure shows the first
# test sample of each digit, its reconstruction by the model, and its edits to all ten
# digits. Properties that do not depend on the label, such as slant, width and stroke
# thickness, should be preserved. Grey edits are blends of the original and the requested
# digit.

samples = X_test[[np.flatnonzero(y_test == digit)[0] for digit in range(10)]]
images = [samples, model.reconstruct(samples)]
images += [model.intervene(samples, digit) for digit in range(10)]

# Arrange the images in one large image, with a margin of one pixel around each digit and
# an additional margin after each of the first two columns.
tiles = np.pad(np.reshape(images, (12, 10, 8, 8)), [(0, 0), (0, 0), (1, 1), (1, 1)])
tiles = np.insert(tiles.transpose(1, 2, 0, 3).reshape(100, 120), [10, 20], 0, axis=1)
fig, ax = plt.subplots(figsize=(7.4, 6.3), layout="constrained")
ax.imshow(tiles, cmap="gray_r", vmin=0, vmax=1)
centers = 10 * np.arange(12) + 4.5 + np.minimum(np.arange(12), 2)
ax.set_xticks(centers, ["original", "reconstr.", *range(10)])
ax.set_yticks(10 * np.arange(10) + 4.5, [f"a {digit}" for digit in range(10)])
ax.tick_params(length=0, top=False, labeltop=True, labelbottom=False)
ax.spines[:].set_visible(False)
ax.set_title("Test digits, and model.intervene(samples, digit) for every digit")

# sphinx_gallery_start_ignore
import sys

if len(sys.argv) > 1:
    fig.savefig(sys.argv[1], dpi=130)
    print(f"wrote {sys.argv[1]}")
else:
    plt.show()
# sphinx_gallery_end_ignore
