"""
Faces with glasses, beards and other hair
=========================================

Drawn faces with several labels at once, and faces as they would look with others: one
label or several of them, a grid of two, another face's. Colours of hair exclude each
other, which nobody told the model: it finds that out.

The faces are drawn by python-avatars, resvg-py and Pillow, which
``pip install sklearn-revae[avatars]`` brings; without them the example says so.
"""

# %%
# The data and the model
# ----------------------
# Six labels, each 0 or 1, and known of 40 % of the faces. All faces look straight at us
# from the same place, so that a perceptron on flat rows will do, far quicker than
# convolutions; pictures of half the height and width and 30 epochs keep this short too.
# With the default `edit_weight` this small model overdoes what labels look like: hair
# turns yellow and blue. It gets a smaller one.

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from sklearn.metrics import balanced_accuracy_score

from sklearn_revae import ReVAEClassifier
from sklearn_revae.datasets import make_avatars, mask_labels
from sklearn_revae.inspection import (
    InterventionDisplay,
    InterventionReportDisplay,
    SwapDisplay,
    TraversalDisplay,
)

N_ROWS, SHAPE = 2000, (32, 32, 3)
LABELS = ["Eyeglasses", "Beard", "Smiling", "Black_Hair", "Blond_Hair", "Gray_Hair"]

try:
    faces = make_avatars(N_ROWS + 300, random_state=0, as_frame=True, n_jobs=2)
except ImportError as error:
    print(error)
    sys.exit(0)

pictures = faces.images.reshape(-1, 32, 2, 32, 2, 3).mean(axis=(2, 4)) / 255
rows = pictures.astype(np.float32).reshape(len(pictures), -1)
X, X_test = rows[:N_ROWS], rows[N_ROWS:]
y, y_test = faces.target[LABELS].iloc[:N_ROWS], faces.target[LABELS].iloc[N_ROWS:]
y_few = mask_labels(y, fraction=0.4, random_state=0)
model = ReVAEClassifier(max_iter=30, batch_size=100, edit_weight=60, random_state=0)
model.fit(X, y_few)

print(f"balanced accuracy on {len(X_test)} other faces")
for label, predicted in zip(LABELS, model.predict(X_test).T, strict=True):
    print(f"  {label:<11}{balanced_accuracy_score(y_test[label], predicted):.3f}")

# %%
# What excludes what
# ------------------
# Values that were never seen together, though chance would have brought them together
# many times over: where one is asked for, the other gives way.

for (label, value), (other, excluded) in model.exclusions_:
    print(f"{label} = {value} excludes {other} = {excluded}")

# %%
# One label
# ---------
# Shaven faces with hair to be seen and nothing on their noses. What the decoder changes
# is added to the picture, so that all else stays as sharp as it was.

seen = faces.target.iloc[N_ROWS:]
off = ["Eyeglasses", "Sunglasses", "Beard", "Mustache", "Bald", "Wearing_Hat"]
plain = X_test[(seen[off].sum(axis=1) == 0).to_numpy()]
InterventionDisplay.from_estimator(model, plain[:5], {"Eyeglasses": 1}, image_shape=SHAPE)

# %%
# Several at once
# ---------------
# Blond, and with a beard. Nothing is said of black or grey hair, but the model knows
# that it cannot stay.

do = {"Blond_Hair": 1, "Beard": 1}
InterventionDisplay.from_estimator(model, plain[:5], do, image_shape=SHAPE)

blond, report = model.intervene(plain, do, report=True)
columns = ["n_rows", "achieved", "probability_before", "probability_after"]
print(report.summary()[columns].round(2).to_string())
for label in ["Black_Hair", "Gray_Hair"]:
    place = LABELS.index(label)
    shares = [np.mean(model.predict(rows)[:, place]) for rows in [plain, blond]]
    print(f"{label}: seen in {shares[0]:.0%} before, {shares[1]:.0%} after")

# %%
# Two labels, step by step
# ------------------------
# One face, and a label along each side of the grid. The ends lie somewhat beyond what is
# typical of their values, `span` standard deviations.

TraversalDisplay.from_estimator(
    model, plain[:1], ("Beard", "Black_Hair"), steps=6, span=1.0, image_shape=SHAPE
)

# %%
# Another face's glasses and beard
# --------------------------------
# Rows on the left get what the donors on top have of two labels.

donors = X_test[(seen[["Eyeglasses", "Beard"]].sum(axis=1) == 1).to_numpy()]
SwapDisplay.from_estimator(
    model, plain[:5], donors[:5], ["Eyeglasses", "Beard"], image_shape=SHAPE
)

# %%
# Does the rest stay?
# -------------------
# Each label is asked for its other value in turn, and the model says how much every
# label has changed. The diagonal is what was asked for. Beside it, the colours of hair
# must change each other, and nothing else should. Here they move Beard and Smiling too.

InterventionReportDisplay.from_estimator(model, X_test)

# sphinx_gallery_start_ignore
if len(sys.argv) > 1:
    path = Path(sys.argv[1])
    for number in plt.get_fignums():
        plt.figure(number).savefig(path.with_stem(f"{path.stem}_{number}"), dpi=130)
    print(f"wrote {path.stem}_1{path.suffix} and on")
else:
    plt.show()
# sphinx_gallery_end_ignore
