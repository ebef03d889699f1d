"""
Interventions on digits
=======================

This example shows the ways to generate samples with a given label: editing the label of a
sample, interpolating between two labels, copying the label's characteristics from another
sample, and sampling from scratch. It then checks the edits in three ways: with the
model's own report, with an independent classifier, and by measuring where in the latent
space the label is encoded.
"""

# %%
# The data and the model
# ----------------------
# The data are images of 8 x 8 pixels. Ten labels per class are known; -1 marks unlabelled
# samples.

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import train_test_split

from sklearn_revae import ReVAEClassifier, label_leakage
from sklearn_revae.datasets import mask_labels
from sklearn_revae.inspection import (
    LatentDisplay,
    LossCurveDisplay,
    SamplesDisplay,
    SwapDisplay,
    TraversalDisplay,
)

digits = load_digits(as_frame=True)
# Only imshow needs values in [0, 1].
images, target = digits.images / 16, digits.target.rename("digit")
X, X_test, y, y_test = train_test_split(
    images, target, test_size=0.3, stratify=target, random_state=0
)
y_few = mask_labels(y, n_per_class=10, random_state=0)
model = ReVAEClassifier(random_state=0).fit(X, y_few)
print(f"{len(y)} training images, {np.sum(y_few != -1)} of them labelled")
print(f"accuracy on {len(y_test)} test images: {model.score(X_test, y_test):.3f}")

# %%
# Editing the label
# -----------------
# The figure shows one test image per digit and its edits to all ten digits by
# ``intervene``. Only the difference between two decoded images is added to the original,
# so details of the handwriting that the model cannot reconstruct are preserved. On the
# diagonal, the requested digit is the one that is already there.

samples = X_test[[np.flatnonzero(y_test == digit)[0] for digit in range(10)]]
edits = [samples, *(model.intervene(samples, digit) for digit in range(10))]
edits = np.stack(edits, axis=1)
# Add a margin of one pixel around each image.
tiles = np.pad(edits, [(0, 0), (0, 0), (1, 1), (1, 1)])
fig, ax = plt.subplots(figsize=(7, 6.6), layout="constrained")
ax.imshow(np.block([list(line) for line in tiles]), cmap="gray_r", vmin=0, vmax=1)
ax.axvline(9.5, color="black", linewidth=1)
ax.set_xticks(10 * np.arange(11) + 4.5, ["original", *range(10)])
ax.set_yticks(10 * np.arange(10) + 4.5, range(10))
ax.tick_params(length=0, labeltop=True, labelbottom=False)
ax.xaxis.set_label_position("top")
ax.set(xlabel="requested digit", ylabel="original digit")
ax.spines[:].set_visible(False)

# %%
# Did the edits succeed?
# ----------------------
# With ``report=True``, ``intervene`` also returns the model's own assessment of the
# edits. Here each test digit d is edited to the digit (d + 3) modulo 10. A random forest
# trained on all original digits is independent of the model and therefore a stricter
# test. The default method, "transport", preserves *how* an image showed its digit. The
# method "mean" moves the label's latent code to the mean of the requested digit, and
# preserves less. Its edits are recognised less often here, because "transport" moves each
# image as far as it needs, and "mean" does not.

requested = (y_test.to_numpy() + 3) % 10
_, report = model.intervene(X_test, requested, report=True)
columns = ["n_rows", "achieved", "probability_before", "probability_after"]
print(report.summary()[columns].round(2).to_string())

forest = RandomForestClassifier(random_state=0).fit(images.reshape(-1, 64), target)
for method in ["transport", "mean"]:
    success = []
    for digit in range(10):
        others = X_test[y_test != digit]
        edited = model.intervene(others, digit, method=method).reshape(-1, 64)
        success.append(np.mean(forest.predict(edited) == digit))
    print(
        f"{method}: the forest recognises the requested digit in {np.mean(success):.1%} "
        f"of the edits (worst: {min(success):.1%} of the edits to {np.argmin(success)})"
    )

# %%
# Interpolating between two labels
# --------------------------------
# ``traverse`` moves the label's latent code in equal steps from one value to another,
# here from 4 to 9. The slant and the stroke width of the image are preserved.

# sphinx_gallery_thumbnail_number = 2
TraversalDisplay.from_estimator(
    model, samples[[4, 0, 7]], "digit", values=(4, 9), cmap="gray_r"
)

# %%
# Copying the label's characteristics
# -----------------------------------
# ``swap`` copies the label's latent code from a donor: the result does not look like an
# average 7, but like the 7 of the donor. The samples are on the left, the donors at the
# top.

SwapDisplay.from_estimator(model, samples[:5], samples[5:], cmap="gray_r")

# %%
# Sampling new images
# -------------------
# ``sample`` draws a latent code near that of a training sample of the requested class.

SamplesDisplay.from_estimator(model, random_state=0, cmap="gray_r")

# %%
# Where the label is encoded
# --------------------------
# The figure shows the label's ten-dimensional latent codes of the test images, projected
# onto their first two principal components, with the prior of each digit. Ten classes at
# equal distances cannot be drawn in a plane, so classes that are well separated in the
# latent space may overlap here.

LatentDisplay.from_estimator(model, X_test, y_test)

# %%
# An edit only changes the label's latent code. Information about the label that leaks
# into the style latent code would counteract the edit. ``label_leakage`` measures this: a
# logistic regression should predict the digit well from the label's latent code, but no
# better than chance from the style latent code. Here it does slightly better than chance.

print(label_leakage(model, X_test, y_test, random_state=0).round(3).to_string())

# %%
# The loss curve shows whether training has converged.

LossCurveDisplay.from_estimator(model)

# sphinx_gallery_start_ignore
import sys

if len(sys.argv) > 1:
    path = Path(sys.argv[1])
    for number in plt.get_fignums():
        plt.figure(number).savefig(path.with_stem(f"{path.stem}_{number}"), dpi=130)
    print(f"wrote {len(plt.get_fignums())} figures: {path.stem}_*{path.suffix}")
else:
    plt.show()
# sphinx_gallery_end_ignore
