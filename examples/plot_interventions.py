"""
Every digit as every other digit
================================

What can be asked of a model that learned its labels: rows with another label, on the
way to one, with another row's, rows out of nothing. And whether the answers hold: by
the model's own report, by a classifier that knows nothing of the model, and by where in
the latents the label is kept.
"""

# %%
# The data and the model
# ----------------------
# Pictures of 8 x 8 pixels, ten labels a class. -1 stands for "not known".

import sys
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
images, target = digits.images / 16, digits.target.rename("digit")
X, X_test, y, y_test = train_test_split(
    images, target, test_size=0.3, stratify=target, random_state=0
)
y_few = mask_labels(y, n_per_class=10, random_state=0)
model = ReVAEClassifier(random_state=0).fit(X, y_few)
print(f"{len(y)} pictures to learn from, {np.sum(y_few != -1)} of them labelled")
print(f"accuracy on {len(y_test)} others: {model.score(X_test, y_test):.3f}")

# %%
# Every digit as every value
# --------------------------
# A test picture of each digit, and what `intervene` makes of it. Only the change that
# the model draws is added to the picture: what it cannot draw of a hand stays. On the
# diagonal nothing is asked that is not there.

rows = X_test[[np.flatnonzero(y_test == digit)[0] for digit in range(10)]]
edits = np.stack([rows, *(model.intervene(rows, digit) for digit in range(10))], axis=1)
# A pixel of paper around each picture.
tiles = np.pad(edits, [(0, 0), (0, 0), (1, 1), (1, 1)])
fig, ax = plt.subplots(figsize=(7, 6.6), layout="constrained")
ax.imshow(np.block([list(line) for line in tiles]), cmap="gray_r", vmin=0, vmax=1)
ax.axvline(9.5, color="black", linewidth=1)
ax.set_xticks(10 * np.arange(11) + 4.5, ["row", *range(10)])
ax.set_yticks(10 * np.arange(10) + 4.5, range(10))
ax.tick_params(length=0, labeltop=True, labelbottom=False)
ax.xaxis.set_label_position("top")
ax.set(xlabel="digit asked for", ylabel="digit written")
ax.spines[:].set_visible(False)

# %%
# Who is to judge?
# ----------------
# The report is the model's own opinion of its edits: here every test picture is asked
# for the digit that is three more. A random forest that was given all real digits with
# their labels, and never saw the model, is the stricter judge. The default,
# "transport", keeps how a picture showed its old digit; "mean" puts the label's latents
# at the typical place of the new one, and is the safer choice.

asked = (y_test.to_numpy() + 3) % 10
_, report = model.intervene(X_test, asked, report=True)
columns = ["n_rows", "achieved", "probability_before", "probability_after"]
print(report.summary()[columns].round(2).to_string())

forest = RandomForestClassifier(random_state=0).fit(images.reshape(-1, 64), target)
for method in ["transport", "mean"]:
    shares = []
    for digit in range(10):
        others = X_test[y_test != digit]
        moved = model.intervene(others, digit, method=method).reshape(-1, 64)
        shares.append(np.mean(forest.predict(moved) == digit))
    print(
        f"{method}: the forest sees what was asked in {np.mean(shares):.1%} of the "
        f"edits, at worst in {min(shares):.1%}, of those to {np.argmin(shares)}"
    )

# %%
# On the way
# ----------
# `traverse` goes through the latents of a label from well inside one value to well
# inside another, here from 4 to 9; the row's slant and weight go with it.

TraversalDisplay.from_estimator(model, rows[[4, 0, 7]], "digit", values=(4, 9))

# %%
# Another's characteristics
# -------------------------
# `swap` takes them from a donor: not any 7, but this one. Rows on the left, donors on
# top.

SwapDisplay.from_estimator(model, rows[:5], rows[5:])

# %%
# Out of nothing
# --------------
# `sample` draws the label's latents from what its value says of them, and the style
# from its own prior. A column starts from the same random numbers.

SamplesDisplay.from_estimator(model, random_state=0)

# %%
# Where the label is kept
# -----------------------
# The ten latents of the label, by two directions in which the test pictures differ most,
# with the prior of each value. Ten values at equal distances do not fit into a plane, so
# many that lie apart are seen above each other here.

LatentDisplay.from_estimator(model, X_test, y_test)

# %%
# An edit moves these latents alone, so that what others tell of the label works against
# it. A logistic regression tells the digit from the label's own latents, and should do
# no better than chance from those of the style. It does slightly better here.

print(label_leakage(model, X_test, y_test, random_state=0).round(3).to_string())

# %%
# The bound, epoch by epoch, tells whether training had come to an end.

LossCurveDisplay.from_estimator(model)

# sphinx_gallery_start_ignore
if len(sys.argv) > 1:
    path = Path(sys.argv[1])
    for number in plt.get_fignums():
        plt.figure(number).savefig(path.with_stem(f"{path.stem}_{number}"), dpi=130)
    print(f"wrote {path.stem}_1{path.suffix} and on")
else:
    plt.show()
# sphinx_gallery_end_ignore
