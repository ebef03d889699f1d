"""
Editing faces that have several labels
======================================

This example trains a model on computer-drawn faces with six binary labels. It edits one
label, several labels at once and a grid of two labels, and copies labels from other
faces. The model also detects from the data that hair colours are mutually exclusive.

The faces are drawn with python-avatars, resvg-py and Pillow; install them with
``pip install sklearn-revae[avatars]``.
"""

# %%
# The data and the model
# ----------------------
# There are six binary labels, known for 40 % of the faces. All faces are aligned, so a
# fully connected network on flattened images is sufficient and much faster than a
# convolutional one. To keep the example short, the images are downsampled to 32 x 32
# pixels and the model is trained for only 30 epochs. ``edit_weight`` is a compromise:
# with a much larger one, this small model exaggerates the labels and, for example, turns
# hair yellow and blue.

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

N_TRAIN, SHAPE = 2000, (32, 32, 3)
LABELS = ["Eyeglasses", "Beard", "Smiling", "Black_Hair", "Blond_Hair", "Gray_Hair"]

try:
    faces = make_avatars(N_TRAIN + 300, random_state=0, as_frame=True, n_jobs=2)
except ImportError as error:
    print(error)
    sys.exit(0)

images = faces.images.reshape(-1, 32, 2, 32, 2, 3).mean(axis=(2, 4)) / 255
flat = images.astype(np.float32).reshape(len(images), -1)
X, X_test = flat[:N_TRAIN], flat[N_TRAIN:]
y, y_test = faces.target[LABELS].iloc[:N_TRAIN], faces.target[LABELS].iloc[N_TRAIN:]
y_few = mask_labels(y, fraction=0.4, random_state=0)
model = ReVAEClassifier(max_iter=30, batch_size=100, edit_weight=60, random_state=0)
model.fit(X, y_few)

print(f"balanced accuracy on {len(X_test)} test faces")
for label, predicted in zip(LABELS, model.predict(X_test).T, strict=True):
    print(f"  {label:<11}{balanced_accuracy_score(y_test[label], predicted):.3f}")

# %%
# Mutually exclusive labels
# -------------------------
# ``exclusions_`` lists pairs of label values that never occur together in the training
# data, although they would have done so many times if the labels were independent. When
# an intervention sets one value of a pair, the other value is removed.

for (label, value), (other, excluded) in model.exclusions_:
    print(f"{label} = {value} excludes {other} = {excluded}")

# %%
# Editing one label
# -----------------
# We select test faces without glasses, beard or hat and with visible hair, and add
# glasses to them. Only the change computed by the decoder is added to the image, so
# everything else stays as sharp as it was.

target_test = faces.target.iloc[N_TRAIN:]
absent = ["Eyeglasses", "Sunglasses", "Beard", "Mustache", "Bald", "Wearing_Hat"]
plain = X_test[(target_test[absent].sum(axis=1) == 0).to_numpy()]
InterventionDisplay.from_estimator(model, plain[:5], {"Eyeglasses": 1}, image_shape=SHAPE)

# %%
# Editing several labels
# ----------------------
# Here the requested labels are blond hair and a beard. Black and grey hair are not
# mentioned in the request, but they are removed because they exclude blond hair.

do = {"Blond_Hair": 1, "Beard": 1}
InterventionDisplay.from_estimator(model, plain[:5], do, image_shape=SHAPE)

blond, report = model.intervene(plain, do, report=True)
columns = ["n_rows", "achieved", "probability_before", "probability_after"]
print(report.summary()[columns].round(2).to_string())
for label in ["Black_Hair", "Gray_Hair"]:
    column = LABELS.index(label)
    before, after = [np.mean(model.predict(x)[:, column]) for x in [plain, blond]]
    print(f"{label}: predicted for {before:.0%} of the faces before, {after:.0%} after")

# %%
# Interpolating two labels
# ------------------------
# The figure shows edits of one face on a grid, with one label along each axis. The ends
# of each axis lie ``span`` standard deviations beyond the means of the two label values.

TraversalDisplay.from_estimator(
    model, plain[:1], ("Beard", "Black_Hair"), steps=6, span=1.0, image_shape=SHAPE
)

# %%
# Copying labels from another face
# --------------------------------
# The faces on the left receive the glasses and the beard, or their absence, from the
# donors at the top.

donors = X_test[(target_test[["Eyeglasses", "Beard"]].sum(axis=1) == 1).to_numpy()]
SwapDisplay.from_estimator(
    model, plain[:5], donors[:5], ["Eyeglasses", "Beard"], image_shape=SHAPE
)

# %%
# Are other labels preserved?
# ---------------------------
# Each label in turn is set to its opposite value. The figure shows by how much each label
# changed according to the model. The diagonal shows the requested changes. Off the
# diagonal, only the hair colours should change each other. In this model, edits of hair
# colours also change Beard and Smiling.

InterventionReportDisplay.from_estimator(model, X_test)

# sphinx_gallery_start_ignore
if len(sys.argv) > 1:
    path = Path(sys.argv[1])
    for number in plt.get_fignums():
        plt.figure(number).savefig(path.with_stem(f"{path.stem}_{number}"), dpi=130)
    print(f"wrote {len(plt.get_fignums())} figures: {path.stem}_*{path.suffix}")
else:
    plt.show()
# sphinx_gallery_end_ignore
