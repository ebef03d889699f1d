"""Train the model that is shipped with the demo, and save the faces that it shows.

Run ``python benchmarks/demo_model.py``. A model is trained on 10,000 computer-drawn faces
with grouped labels, 6 % of them labelled. ``drawn.py`` says which faces are left out,
because their edits would not be clean. The model's parameters are the defaults, except
that it is trained more than twice as long. It is trained on two threads, so that repeated
runs on the same machine give an identical file. The script writes ``avatars.safetensors``
and ``avatars.png``, an image of 100 held-out faces, to ``sklearn_revae/demo``, and prints
the balanced accuracy on 2,000 held-out faces. ``docs/images/avatars_interventions.png``
shows edits of eight of the faces.
"""

import time
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from drawn import draw_faces
from PIL import Image
from sklearn.metrics import balanced_accuracy_score

from sklearn_revae import ReVAEClassifier, persistence
from sklearn_revae.datasets import mask_labels

N_TRAIN, N_TEST, FRACTION = 10_000, 2_000, 0.06
# About 2,300 steps; "auto" would be 1,000.
MAX_ITER = 24
# The demo shows a square of SIDE x SIDE faces.
SIDE = 10
ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "sklearn_revae" / "demo"
EDITS = [
    ("Glasses", "eyeglasses"),
    ("Glasses", "sunglasses"),
    ("Facial_Hair", "beard"),
    ("Facial_Hair", "none"),
    ("Smiling", 1),
    ("Mouth_Open", 1),
    ("Hair", "blond"),
    ("Hair", "red"),
    ("Hair", "gray"),
    ("Dark_Skin", 1),
    ("Eyes_Closed", 1),
]


def draw_edits(model, X, path):
    """Save a picture of faces, their reconstructions and edits of each of them."""
    columns = [X, model.reconstruct(X)]
    columns += [model.intervene(X, {label: value}) for label, value in EDITS]
    words = {0: "no", 1: "yes"}
    titles = [f"{label}\n{words.get(value, value)}" for label, value in EDITS]
    titles = ["face", "reconstruction", *titles]
    tiles = np.hstack([np.vstack(list(column)) for column in columns])
    height, width = np.array(tiles.shape[:2]) / X.shape[1]
    figure, axes = plt.subplots(figsize=(0.75 * width, 0.75 * height + 0.4))
    axes.imshow(tiles)
    axes.set_axis_off()
    for position, title in enumerate(titles):
        middle = X.shape[2] * (position + 0.5)
        axes.text(middle, -4, title, ha="center", va="bottom", fontsize=7)
    figure.subplots_adjust(0, 0, 1, height / (height + 0.5))
    figure.savefig(path, dpi=130)
    Image.open(path).convert("RGB").quantize(256).save(path, optimize=True)


def main():
    torch.set_num_threads(2)
    X, y, _ = draw_faces(N_TRAIN + N_TEST, shipped=True)
    X, X_test = np.split(X, [N_TRAIN])
    y, y_test = y[:N_TRAIN], y[N_TRAIN:].reset_index(drop=True)
    y_few = mask_labels(y, fraction=FRACTION, random_state=0)
    start = time.perf_counter()
    model = ReVAEClassifier(max_iter=MAX_ITER, random_state=0)
    model.fit(X, y_few)
    print(f"fit: {time.perf_counter() - start:.0f} s")
    predicted = pd.DataFrame(model.predict(X_test), columns=y.columns)
    accuracies = [
        balanced_accuracy_score(y_test[name], predicted[name].astype(y[name].dtype))
        for name in y
    ]
    print(f"balanced accuracy on {N_TEST} faces: {np.mean(accuracies):.3f}")
    persistence.save(model, FOLDER / "avatars.safetensors")
    shown = X_test[: SIDE**2].reshape(SIDE, SIDE, *X.shape[1:])
    sheet = shown.swapaxes(1, 2).reshape(SIDE * X.shape[1], SIDE * X.shape[2], -1)
    Image.fromarray(sheet).save(FOLDER / "avatars.png", optimize=True)
    draw_edits(model, X_test[:8], ROOT / "docs" / "images" / "avatars_interventions.png")


if __name__ == "__main__":
    main()
