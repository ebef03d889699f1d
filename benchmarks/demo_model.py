"""Train the model that is shipped with the demo, and save the faces that it shows.

Run ``python benchmarks/demo_model.py``. A model is trained on 10,000 computer-drawn faces
with grouped labels, 6 % of them labelled. Its parameters are the defaults, except that it
is trained for half as long again. It is trained on one thread, so that repeated runs on
the same machine give an identical file. The script writes ``avatars.safetensors`` and
``avatars.png``, an image of 100 held-out faces, to ``sklearn_revae/demo``, and prints the
balanced accuracy on 2,000 held-out faces.
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

N_TRAIN, N_TEST, FRACTION = 10_000, 2_000, 0.06
# About 1,500 steps; "auto" would be 1,000.
MAX_ITER = 16
# The demo shows a square of SIDE x SIDE faces.
SIDE = 10
FOLDER = Path(__file__).parents[1] / "sklearn_revae" / "demo"


def main():
    torch.set_num_threads(1)
    faces = make_avatars(
        N_TRAIN + N_TEST, labels="grouped", random_state=0, as_frame=True
    )
    X, X_test = np.split(faces.data, [N_TRAIN])
    y, y_test = faces.target[:N_TRAIN], faces.target[N_TRAIN:]
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


if __name__ == "__main__":
    main()
