"""Fit the model that the demo carries, and draw the faces that it shows.

Run ``python benchmarks/demo_model.py``: default parameters, 10,000 drawn faces of which
6 % are labelled, on one thread, so that the same machine gives the same bytes. It writes
``avatars.safetensors`` and ``avatars.png``, 100 faces that the fit has not seen, into
``sklearn_revae/demo``, and prints the balanced accuracy on 2,000 such faces.
"""

import time
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from PIL import Image
from sklearn.metrics import balanced_accuracy_score

from sklearn_revae import ReVAEClassifier, persistence
from sklearn_revae.datasets import make_avatars, mask_labels

N_ROWS, N_HELD_OUT, FRACTION = 10_000, 2_000, 0.06
# The faces shown, a square of so many a side.
SIDE = 10
FOLDER = Path(__file__).parents[1] / "sklearn_revae" / "demo"


def main():
    torch.set_num_threads(1)
    faces = make_avatars(N_ROWS + N_HELD_OUT, random_state=0)
    X, held_out = np.split(faces.data, [N_ROWS])
    y, truth = np.split(faces.target, [N_ROWS])
    few = mask_labels(y, fraction=FRACTION, random_state=0)
    start = time.perf_counter()
    model = ReVAEClassifier(random_state=0)
    model.fit(X, pd.DataFrame(few, columns=faces.target_names))
    print(f"fit: {time.perf_counter() - start:.0f} s")
    predicted = np.asarray(model.predict(held_out))
    accuracies = [
        balanced_accuracy_score(true, seen)
        for true, seen in zip(truth.T, predicted.T, strict=True)
    ]
    print(f"balanced accuracy on {N_HELD_OUT} faces: {np.mean(accuracies):.3f}")
    persistence.save(model, FOLDER / "avatars.safetensors")
    shown = held_out[: SIDE**2].reshape(SIDE, SIDE, *X.shape[1:])
    sheet = shown.swapaxes(1, 2).reshape(SIDE * X.shape[1], SIDE * X.shape[2], -1)
    Image.fromarray(sheet).save(FOLDER / "avatars.png", optimize=True)


if __name__ == "__main__":
    main()
