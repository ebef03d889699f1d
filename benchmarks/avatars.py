"""Drawn faces with 16 labels, 6 % of 10,000 rows labelled: accuracy by epoch.

Run ``python benchmarks/avatars.py [picture.png]``. Default parameters, with the
convolutional network that the paper uses at 64 x 64 pixels; 2,000 further faces are
held out. Balanced accuracy is averaged over the labels. Prints a line an epoch; with a
file name, draws reconstructions and edits.
"""

import sys
import time

import numpy as np
from sklearn.metrics import balanced_accuracy_score

from sklearn_revae import ReVAEClassifier
from sklearn_revae.datasets import make_avatars, mask_labels

N_ROWS, N_HELD_OUT = 10_000, 2_000
EDITS = ["Eyeglasses", "Beard", "Smiling", "Long_Hair", "Blond_Hair", "Dark_Skin"]


def accuracies(y, predicted):
    """Balanced accuracy of each label."""
    return [
        balanced_accuracy_score(truth, guess)
        for truth, guess in zip(y.T, predicted.T, strict=True)
    ]


def draw(model, X, names, path):
    """Write a picture of rows, rebuilt and with single labels turned over."""
    import matplotlib.pyplot as plt

    predicted = model.predict(X)
    columns = [X, model.reconstruct(X)]
    for name in EDITS:
        label = names.index(name)
        columns.append(model.intervene(X, {label: 1 - predicted[:, label]}))
    tiles = np.concatenate([np.concatenate(column) for column in columns], axis=1)
    figure, axes = plt.subplots(figsize=(9, 1.1 * len(X)), layout="constrained")
    axes.imshow(tiles)
    centres = 64 * np.arange(len(columns)) + 32
    axes.set_xticks(centres, ["row", "rebuilt", *(f"other\n{e}" for e in EDITS)])
    axes.tick_params(top=False, labeltop=True, labelbottom=False, length=0)
    axes.set_yticks([])
    figure.savefig(path, dpi=110)


def main(path=None):
    """Fit, print, and draw if asked to."""
    faces = make_avatars(N_ROWS + N_HELD_OUT, random_state=0)
    X, y, names = faces.data, faces.target, list(faces.target_names)
    few = mask_labels(y[:N_ROWS], fraction=0.06, random_state=0)
    start = time.perf_counter()
    model = ReVAEClassifier(random_state=0, verbose=sys.stderr.isatty())
    model.fit(X[:N_ROWS], few)
    print(f"fitted in {time.perf_counter() - start:.0f} s, {model.n_iter_} epochs")
    scores = accuracies(y[N_ROWS:], model.predict(X[N_ROWS:]))
    print(f"balanced accuracy, mean of 16 labels: {np.mean(scores):.3f}")
    for name, score in zip(names, scores, strict=True):
        print(f"  {name:<12} {score:.3f}")
    if path is not None:
        draw(model, X[N_ROWS : N_ROWS + 10], names, path)


if __name__ == "__main__":
    main(*sys.argv[1:2])
