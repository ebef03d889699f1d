"""
Train on a folder of images
===========================

This tutorial starts from a folder of image files. A few of them have been sorted into one
sub-folder per class, and the others wait in a sub-folder of their own. The model is
trained on all of them, predicts the class of the files that are not sorted, and shows
which of them to look at.

The images are drawn for this tutorial with python-avatars, resvg-py and Pillow; install
them with ``pip install "sklearn-revae[avatars]"``.
"""

# %%
# The folder
# ----------
# We draw 1,000 faces and save them as files. Thirty faces with glasses and thirty without
# are in the folders ``glasses`` and ``no_glasses``; all others are in ``unsorted``. With
# your own images, begin with the next section. All images must have the same size.

# sphinx_gallery_start_ignore
import sys
from importlib.util import find_spec

if not all(map(find_spec, ["PIL", "python_avatars", "resvg_py"])):
    print('Not installed: pip install "sklearn-revae[avatars]"')
    sys.exit(0)
# sphinx_gallery_end_ignore

import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from PIL import Image
from sklearn.metrics import balanced_accuracy_score

from sklearn_revae import ReVAEClassifier
from sklearn_revae.datasets import list_images, make_avatars

faces = make_avatars(1000, random_state=0, as_frame=True)
has_glasses = faces.target["Eyeglasses"].to_numpy() == 1
truth = np.where(has_glasses, "glasses", "no_glasses")
labeled = [np.flatnonzero(truth == name)[:30] for name in ("glasses", "no_glasses")]
labeled = np.concatenate(labeled)

temporary = tempfile.TemporaryDirectory()
folder = Path(temporary.name)
for i, pixels in enumerate(faces.images):
    path = folder / (truth[i] if i in labeled else "unsorted") / f"{i:04}.png"
    path.parent.mkdir(exist_ok=True)
    Image.fromarray(pixels.astype(np.uint8)).resize((32, 32)).save(path)

# %%
# Training
# --------
# The path of the folder is passed as X, and its files are read when they are needed.
# ``list_images`` returns their names. y is a dict from names to classes; a file that it
# does not contain is unlabelled. ``edit_weight=0`` saves time, because we do not edit
# these images, and ``max_iter`` is smaller than the default. The model could be more
# accurate with the default, which trains for twice as long.

names = list_images(folder)
y = {name: name.split("/")[0] for name in names if not name.startswith("unsorted")}
print(f"{len(names)} files, {len(y)} of them sorted; the first: {names[0]}")
model = ReVAEClassifier(edit_weight=0, max_iter=60, random_state=0).fit(folder, y)

# %%
# Predictions
# -----------
# Predictions are in the order of ``names``. Because we have drawn the faces, we know the
# true classes.

probability = model.predict_proba(folder)
predicted = model.classes_[probability.argmax(axis=1)]
numbers = np.array([int(Path(name).stem) for name in names])
unsorted = np.char.startswith(names, "unsorted")
accuracy = balanced_accuracy_score(truth[numbers][unsorted], predicted[unsorted])
print(f"balanced accuracy on {unsorted.sum()} unsorted files: {accuracy:.3f}")

# %%
# Which files to look at
# ----------------------
# The upper line shows unsorted files that are predicted to have glasses with the highest
# probability, the lower line those with the least certain prediction. Sort these by hand,
# and train again.

certainty = np.where(unsorted, probability.max(axis=1), np.nan)
with_glasses = np.where(predicted == "glasses", certainty, np.nan)
lines = {
    "certainly\nglasses": np.argsort(-with_glasses)[:8],
    "least\ncertain": np.argsort(certainty)[:8],
}
fig, axes = plt.subplots(2, 8, figsize=(9, 2.9), layout="constrained")
for row, (title, chosen) in zip(axes, lines.items(), strict=True):
    for ax, i in zip(row, chosen, strict=True):
        ax.imshow(plt.imread(folder / names[i]))
        ax.set_title(f"{probability[i, 0]:.2f}", fontsize="medium")
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set_visible(False)
    row[0].set_ylabel(title)
fig.suptitle("Unsorted files, and the predicted probability of glasses")
temporary.cleanup()

# sphinx_gallery_start_ignore
if len(sys.argv) > 1:
    fig.savefig(sys.argv[1], dpi=130)
    print(f"wrote {sys.argv[1]}")
else:
    plt.show()
# sphinx_gallery_end_ignore
