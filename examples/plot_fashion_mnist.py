"""
Fashion-MNIST from 240 labels
=============================

60,000 pictures of garments, 24 of each class labelled. The classifier is fitted with
its default parameters, beside two that use the labelled rows alone. Then test garments
are drawn as every other class.

The data are Debian's package ``dataset-fashion-mnist``, or its four gzipped files in
the folder that the environment variable ``FASHION_MNIST`` names. ``FASHION_MNIST_ROWS``
takes fewer training rows, for a quick look.
"""

# %%
# The data
# --------

import os
import sys
from time import perf_counter

import matplotlib.pyplot as plt
import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression

from sklearn_revae import ReVAEClassifier
from sklearn_revae.datasets import fetch_fashion_mnist, mask_labels

N_ROWS = int(os.environ.get("FASHION_MNIST_ROWS", 60_000))
GARMENTS = ["T-shirt", "trouser", "pullover", "dress", "coat"]
GARMENTS += ["sandal", "shirt", "sneaker", "bag", "boot"]


def read(subset):
    """Pictures (n, 784) with values from 0 to 1, and labels, of "train" or "test"."""
    X, y = fetch_fashion_mnist(subset=subset, return_X_y=True, download_if_missing=False)
    return X.astype(np.float32) / 255, y


try:
    X, y = (part[:N_ROWS] for part in read("train"))
    X_test, y_test = read("test")
except OSError:
    print(
        "Fashion-MNIST is not on this machine. Install it with "
        "'apt-get install dataset-fashion-mnist', or let the environment variable "
        "FASHION_MNIST name a folder that holds its four .gz files."
    )
    sys.exit(0)

y_few = mask_labels(y, n_per_class=24, random_state=0)
labeled = y_few != -1
print(f"{len(y)} rows to learn from, {labeled.sum()} of them labelled")

# %%
# Accuracy
# --------
# The rivals see the 240 labelled rows; the ReVAE sees the others too.

start = perf_counter()
model = ReVAEClassifier(random_state=0, verbose=sys.stderr.isatty()).fit(X, y_few)
seconds = perf_counter() - start
print(f"accuracy on {len(y_test)} test rows (ReVAE fitted in {seconds:.0f} s)")
print(f"  ReVAEClassifier         {model.score(X_test, y_test):.3f}")
for rival in [LogisticRegression(max_iter=1000), RandomForestClassifier(random_state=0)]:
    score = rival.fit(X[labeled], y[labeled]).score(X_test, y_test)
    print(f"  {type(rival).__name__:<24}{score:.3f}")

# %%
# Interventions
# -------------
# A test garment of each class, as the model draws it, and as it draws it with another
# label. What is not about the label should stay: shade, above all. The method is "mean",
# the typical garment of the class: the default, "transport", also keeps how the row
# showed its old label, and between garments of unlike shapes that shows through.

rows = X_test[[np.flatnonzero(y_test == k)[0] for k in range(10)]]
pictures = [rows, model.reconstruct(rows)]
pictures += [model.intervene(rows, k, method="mean") for k in range(10)]

# One large picture: two pixels of paper around each garment, more after the two.
tiles = np.reshape(pictures, (12, 10, 28, 28))
tiles = np.pad(tiles, [(0, 0), (0, 0), (2, 2), (2, 2)])
tiles = tiles.transpose(1, 2, 0, 3).reshape(320, 384)
tiles = np.insert(tiles, np.repeat([32, 64], 8), 0, axis=1)

fig, ax = plt.subplots(figsize=(9, 6.9), layout="constrained")
ax.imshow(tiles, cmap="gray_r", vmin=0, vmax=1)
centres = 32 * np.arange(12) + 15.5 + 8 * np.minimum(np.arange(12), 2)
ax.set_xticks(centres, ["row", "rebuilt", *GARMENTS])
ax.set_yticks(32 * np.arange(10) + 15.5, GARMENTS)
ax.tick_params(length=0, top=False, labeltop=True, labelbottom=False)
ax.spines[:].set_visible(False)
ax.set_title("Test garments, and model.intervene(row, garment) for every class")

# sphinx_gallery_start_ignore
if len(sys.argv) > 1:
    fig.savefig(sys.argv[1], dpi=130)
    print(f"wrote {sys.argv[1]}")
else:
    plt.show()
# sphinx_gallery_end_ignore
