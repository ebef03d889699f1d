"""
Editing faces that have several labels
======================================

This example edits computer-drawn faces with the small model that the package ships. It
edits one label, several labels at once and a grid of two labels, and copies labels from
other faces. The model has seven labels: four of them are 0 or 1, and three have several
values, such as the colours of hair.

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
import pandas as pd

from sklearn_revae.demo import load_avatars
from sklearn_revae.inspection import (
    InterventionDisplay,
    InterventionReportDisplay,
    SwapDisplay,
    TraversalDisplay,
)

model, faces = load_avatars()
labels = list(model.label_names_)
predicted = pd.DataFrame(model.predict(faces), columns=labels)
print(f"{len(faces)} faces; number of them with each value, as predicted:")
for label in labels:
    counts = predicted[label].value_counts()
    print(f"  {label:<12}", ", ".join(f"{v}: {n}" for v, n in counts.items()))

# %%
# Values that exclude each other
# ------------------------------
# ``exclusions_`` lists pairs of label values that never occur together in the training
# data, although they would have done so many times if the labels were independent: no
# face with sunglasses has closed eyes, which nobody would see. When an intervention sets
# one value of a pair, the other value is replaced.

for (label, value), (other, excluded) in model.exclusions_:
    print(f"{label} = {value} excludes {other} = {excluded}")

# %%
# Editing one label
# -----------------
# We add a beard to faces without glasses and facial hair. The edit shows what the decoder
# draws only where the beard changes the face, so that the rest of the face stays exactly
# as it was: the last column shows what changed.

plain = faces[(predicted["Glasses"] == "none") & (predicted["Facial_Hair"] == "none")]
InterventionDisplay.from_estimator(model, plain[:5], {"Facial_Hair": "beard"})

# %%
# Editing several labels
# ----------------------
# Here the requested values are red hair and a moustache. The report is the model's own
# assessment of the edits.

do = {"Hair": "red", "Facial_Hair": "mustache"}
InterventionDisplay.from_estimator(model, plain[:5], do)

edited, report = model.intervene(plain, do, report=True)
columns = ["n_rows", "achieved", "probability_before", "probability_after"]
print(report.summary()[columns].round(2).to_string())

# %%
# Interpolating two labels
# ------------------------
# The figure shows edits of one face on a grid, with one label along each axis. The ends
# of each axis lie ``span`` standard deviations beyond the means of the two label values.

TraversalDisplay.from_estimator(
    model, plain[:1], ("Mouth_Open", "Dark_Skin"), steps=6, span=0.5
)

# %%
# Copying labels from another face
# --------------------------------
# The faces on the left receive the glasses and the hair of the donors at the top.

donors = faces[predicted["Glasses"] != "none"]
# sphinx_gallery_thumbnail_number = 4
SwapDisplay.from_estimator(model, plain[:5], donors[:5], ["Glasses", "Hair"])

# %%
# Are other labels preserved?
# ---------------------------
# Each label in turn is set to each of its other classes. The figure shows by how much
# each label changed according to the model. The diagonal shows the requested changes. Off
# the diagonal, little should change, except for sunglasses and closed eyes, which exclude
# each other.

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
