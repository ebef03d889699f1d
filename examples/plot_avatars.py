"""
Editing faces that have several labels
======================================

This example edits computer-drawn faces with the small model that the package ships. It
edits one label, several labels at once and a grid of two labels, and copies labels from
other faces. The model has sixteen binary labels, among them five hair colours, and it has
detected from the data that hair colours are mutually exclusive.

Reading the faces requires Pillow; install it with ``pip install "sklearn-revae[demo]"``.
"""

# %%
# The model
# ---------
# ``benchmarks/demo_model.py`` has trained the model on 10,000 faces of 64 x 64 pixels,
# which :func:`sklearn_revae.datasets.make_avatars` draws. The labels of 6 % of them were
# known. The example uses a hundred faces that were not among these. We have no labels of
# them, so we ask the model.

# sphinx_gallery_start_ignore
import sys
from importlib.util import find_spec

if find_spec("PIL") is None:
    print('Not installed: pip install "sklearn-revae[demo]"')
    sys.exit(0)
# sphinx_gallery_end_ignore

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from sklearn_revae.demo import load_avatars
from sklearn_revae.inspection import (
    InterventionDisplay,
    InterventionReportDisplay,
    SwapDisplay,
    TraversalDisplay,
)

model, faces = load_avatars()
labels = list(model.label_names_)
predicted = model.predict(faces)
print(f"{len(faces)} faces; fraction of them with each label, as predicted:")
for label, frequency in zip(labels, np.mean(predicted == 1, axis=0), strict=True):
    print(f"  {label:<13}{frequency:>5.0%}")

# %%
# Mutually exclusive labels
# -------------------------
# ``exclusions_`` lists pairs of label values that never occur together in the training
# data, although they would have done so many times if the labels were independent. When
# an intervention sets one value of a pair, the other value is removed.

print(f"{len(model.exclusions_)} pairs, for example:")
for (label, value), (other, excluded) in model.exclusions_[:4]:
    print(f"  {label} = {value} excludes {other} = {excluded}")

# %%
# Editing one label
# -----------------
# We select faces without glasses, beard, moustache or hat, and add a beard to them. Only
# the change computed by the decoder is added to the image, so that the rest of the face
# remains sharp. The difference in the last column shows where the edit also changes what
# it should not: the background and the outline of the face.

absent = ["Eyeglasses", "Sunglasses", "Beard", "Mustache", "Wearing_Hat"]
plain = faces[(predicted[:, [labels.index(name) for name in absent]] == 0).all(axis=1)]
InterventionDisplay.from_estimator(model, plain[:5], {"Beard": 1})

# %%
# Editing several labels
# ----------------------
# Here the requested labels are red hair and a moustache. The other hair colours are not
# mentioned in the request, but they are removed because they exclude red hair. The report
# is the model's own assessment of the edits.

do = {"Red_Hair": 1, "Mustache": 1}
InterventionDisplay.from_estimator(model, plain[:5], do)

edited, report = model.intervene(plain, do, report=True)
columns = ["n_rows", "achieved", "probability_before", "probability_after"]
print(report.summary()[columns].round(2).to_string())
for label in ["Black_Hair", "Brown_Hair", "Blond_Hair", "Gray_Hair"]:
    column = labels.index(label)
    before, after = [np.mean(model.predict(x)[:, column]) for x in [plain, edited]]
    print(f"{label}: predicted for {before:.0%} of the faces before, {after:.0%} after")

# %%
# Interpolating two labels
# ------------------------
# The figure shows edits of one face on a grid, with one label along each axis. The ends
# of each axis lie ``span`` standard deviations beyond the means of the two label values.

TraversalDisplay.from_estimator(
    model, plain[:1], ("Beard", "Black_Hair"), steps=6, span=0.5
)

# %%
# Copying labels from another face
# --------------------------------
# The faces on the left receive the glasses and the beard, or their absence, from the
# donors at the top.

copied = ["Eyeglasses", "Beard"]
one_of_both = predicted[:, [labels.index(name) for name in copied]].sum(axis=1) == 1
# sphinx_gallery_thumbnail_number = 4
SwapDisplay.from_estimator(model, plain[:5], faces[one_of_both][:5], copied)

# %%
# Are other labels preserved?
# ---------------------------
# Each label in turn is set to its opposite value. The figure shows by how much each label
# changed according to the model. The diagonal shows the requested changes. Off the
# diagonal, only labels that exclude each other, such as the hair colours, should change.

InterventionReportDisplay.from_estimator(model, faces)

# sphinx_gallery_start_ignore
if len(sys.argv) > 1:
    path = Path(sys.argv[1])
    for number in plt.get_fignums():
        plt.figure(number).savefig(path.with_stem(f"{path.stem}_{number}"), dpi=130)
    print(f"wrote {len(plt.get_fignums())} figures: {path.stem}_*{path.suffix}")
else:
    plt.show()
# sphinx_gallery_end_ignore
