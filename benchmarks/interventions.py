"""Whether edits of computer-drawn faces show the requested label and keep the others.

Run ``python benchmarks/interventions.py [figure.png]``. With ``--model file.pkl`` a
fitted estimator is read instead of fitted, with ``--save file.pkl`` the fitted estimator
is saved, and with ``--rows 50`` fewer faces are edited per label and value. The models
are trained on 10,000 faces, 6 % of them labelled; 2,000 faces are held out.

Each label is set to 1 and to 0 in up to 200 held-out faces that have the other value. The
edits by a ReVAE with default parameters (and, with ``--networks published``, with the
networks of the paper) are compared with those by M2, which has the networks of the paper
and is trained on the same labels, and with baselines that do not edit: the original
faces, and their reconstructions by either model. An independent classifier, the
judge, predicts the labels of the resulting images. It was trained with all labels of the
10,000 faces.

The generator of the faces can redraw a face with one label changed, which gives the
ground truth of an edit. A label does not determine all details (for example which
glasses, or which other hair colour), so the ground truth is drawn four times with random
details. Each edit is compared with the closest of the four in pixels, its *drawn edit*:

:success: fraction of the edits in which the judge predicts the requested value.
:leakage: fraction of the other labels that the judge predicts differently in the edit
    than in the drawn edit. A label that has to change together with the edited one
    therefore does not count as leakage, unless it fails to change.
:naive: the same fraction, relative to the model's own reconstruction instead of the drawn
    edit. Changes that are due to a blurred reconstruction do not count, but labels that
    have to change together with the edited one do.
:rmse: root mean squared difference to the drawn edit, for pixels in [0, 1].
:outside: the same, only over the pixels that the drawn edit does not change.
:spread in, out: standard deviation over eight random draws of an edit of the same face,
    averaged over the pixels that the drawn edit changes (in) and over all others (out).
    Draws should differ inside and agree outside. The spread of the drawn edits is the
    variation that the label leaves undetermined.
"""

import argparse
import pickle
import time
from functools import partial

import numpy as np
from baselines.m2 import M2
from drawn import SEED, drawn_edits
from judge import load_judge, rows_to_edit
from sklearn.metrics import balanced_accuracy_score
from trained import read_or_train

from sklearn_revae import ReVAEClassifier
from sklearn_revae.datasets import make_avatars, mask_labels
from sklearn_revae.datasets._avatar_faces import RECIPE

N_TRAIN, N_TEST = 10_000, 2_000
FRACTION = 0.06
N_DRAWS, N_FACES_WITH_DRAWS = 8, 50
M2_EPOCHS, M2_LEARNING_RATE = 16, 2e-3
METRICS = ("success", "leakage", "naive", "rmse", "outside", "spread in", "spread out")
SHOWN = ("Eyeglasses", "Beard", "Smiling", "Long_Hair", "Blond_Hair", "Dark_Skin")


def squared_difference(images, others):
    """Return squared differences of pixels in [0, 1], averaged over the channels."""
    difference = np.subtract(images, others, dtype=np.float32) / 255
    return np.square(difference).mean(axis=-1)


def root_mean(squared, where=True):
    """Return the root of the mean over the pixels selected by `where`."""
    return np.sqrt(np.mean(squared, where=where))


def nearest(edits, drawn):
    """Return, for each edit, the closest of its drawn edits (n, 4, 64, 64, 3)."""
    distance = squared_difference(edits[:, None], drawn).mean(axis=(2, 3))
    return drawn[np.arange(len(drawn)), distance.argmin(axis=1)]


def spread(draws, unchanged):
    """Return the deviation between draws (n, m, 64, 64, 3) in and out of the edit.

    `unchanged` marks the pixels that the drawn edit does not change.
    """
    if draws is None:
        return np.nan, np.nan
    deviation = (draws / np.float32(255)).std(axis=1).mean(axis=-1)
    unchanged = unchanged[: len(draws)]
    return deviation.mean(where=~unchanged), deviation.mean(where=unchanged)


class Trial:
    """Evaluation of edits that set one label to one value.

    Parameters
    ----------
    faces : Bunch
        The held-out faces. They follow the `N_TRAIN` training faces in the data set.
    label, value : int
        The label to edit and its requested value.
    n_rows : int
        Maximum number of faces to edit.
    judge : Judge
        Classifier that predicts the labels of images.
    """

    def __init__(self, faces, label, value, n_rows, judge):
        self.label, self.value = label, value
        self.rows = rows_to_edit(faces.target, label, value, n_rows)
        self.X = faces.data[self.rows]
        name = faces.target_names[label]
        self.drawn = drawn_edits(N_TRAIN + self.rows, name, value)
        self.judge = judge

    def metrics(self, edits, reconstructions, draws):
        """Return the metrics in the order of `METRICS`.

        Parameters
        ----------
        edits, reconstructions : arrays (n, 64, 64, 3)
            The edited faces, and the same faces without an edit.
        draws : array (n_drawn, m, 64, 64, 3) or None
            Several random draws of the edits of the first faces.
        """
        drawn = nearest(edits, self.drawn)
        images = (edits, drawn, reconstructions)
        predicted, expected, before = map(self.judge.predict, images)
        others = np.arange(predicted.shape[1]) != self.label
        unchanged = (drawn == self.X).all(axis=-1)
        squared = squared_difference(edits, drawn)
        return (
            np.mean(predicted[:, self.label] == self.value),
            np.mean((predicted != expected)[:, others]),
            np.mean((predicted != before)[:, others]),
            root_mean(squared),
            root_mean(squared, unchanged),
            *spread(draws, unchanged),
        )


def edited(intervene, sample, trial):
    """Return edits of the faces of a trial, and random draws for the first faces."""
    do, first = {trial.label: trial.value}, trial.X[:N_FACES_WITH_DRAWS]
    draws = sample(first, do, n_samples=N_DRAWS, random_state=SEED)
    return intervene(trial.X, do), draws


def editors(revae, m2, X):
    """Return, by name, the unedited images of X and a function that edits a trial."""
    by_revae, by_m2 = revae.reconstruct(X), m2.reconstruct(X)
    sample = partial(revae.intervene, method="sample")
    return {
        "ReVAE": (by_revae, lambda trial: edited(revae.intervene, sample, trial)),
        "M2": (by_m2, lambda trial: edited(m2.intervene, m2.intervene, trial)),
        "ReVAE, no edit": (by_revae, lambda trial: (by_revae[trial.rows], None)),
        "M2, no edit": (by_m2, lambda trial: (by_m2[trial.rows], None)),
        "original": (X, lambda trial: (trial.X, None)),
        "drawn edits": (X, lambda trial: (trial.drawn[:, 0], trial.drawn)),
    }


def compare(methods, faces, judge, n_rows):
    """Return metrics (label, requested value, `METRICS`) by name of the method."""
    n_labels = faces.target.shape[1]
    table = {name: np.zeros((n_labels, 2, len(METRICS))) for name in methods}
    for label, value in np.ndindex(n_labels, 2):
        trial = Trial(faces, label, value, n_rows, judge)
        for name, (unedited, edit) in methods.items():
            edits, draws = edit(trial)
            table[name][label, value] = trial.metrics(edits, unedited[trial.rows], draws)
    return table


def line(title, numbers, width=11):
    """Return a line of a table, with a dash in place of missing numbers."""
    cells = (f"{n:{width}.3f}" if np.isfinite(n) else f"{'-':>{width}}" for n in numbers)
    return f"{title:<15}" + "".join(cells)


def report(table, names):
    """Print the means over labels and values, then each label for both models."""
    print(f"\n{'':<15}" + "".join(f"{metric:>11}" for metric in METRICS))
    for name, metrics in table.items():
        print(line(name, metrics.mean(axis=(0, 1))))
    for value in (0, 1):
        print(f"\nlabels set to {value}, ReVAE and M2:")
        print(f"{'':<15}" + "".join(f"{metric:>16}" for metric in METRICS))
        pair = np.stack([table["ReVAE"], table["M2"]], axis=-1)[:, value]
        for name, metrics in zip(
            [*names, "mean"], [*pair, pair.mean(axis=0)], strict=True
        ):
            print(line(name, metrics.ravel(), width=8))


def draw(revae, m2, faces, path, n_rows=8):
    """Save a figure of faces, reconstructions, drawn edits and edits by both models."""
    import matplotlib.pyplot as plt

    X = faces.data[:n_rows]
    columns = {"original": X, "ReVAE": revae.reconstruct(X), "M2": m2.reconstruct(X)}
    for name in SHOWN:
        label = faces.target_names.index(name)
        requested = 1 - faces.target[:n_rows, label]
        drawn = np.empty_like(X)
        for value in (0, 1):
            rows = np.flatnonzero(requested == value)
            if rows.size:
                drawn[rows] = drawn_edits(N_TRAIN + rows, name, value)[:, 0]
        columns[f"drawn\n{name}"] = drawn
        columns[f"ReVAE\n{name}"] = revae.intervene(X, {label: requested})
        columns[f"M2\n{name}"] = m2.intervene(X, {label: requested})
    tiles = np.concatenate([np.concatenate(c) for c in columns.values()], axis=1)
    figure, axes = plt.subplots(figsize=(1.0 * len(columns), 1.1 * n_rows))
    axes.imshow(tiles)
    axes.set_xticks(64 * np.arange(len(columns)) + 32, columns, fontsize=7)
    axes.tick_params(top=False, labeltop=True, labelbottom=False, length=0)
    axes.set_yticks([])
    figure.savefig(path, dpi=110, bbox_inches="tight")


def fitted_revae(X, y, networks):
    """Train a ReVAE whose other parameters have their defaults."""
    start = time.perf_counter()
    model = ReVAEClassifier(encoder=networks, decoder=networks, random_state=SEED)
    model.fit(X, y)
    print(f"ReVAE fitted in {time.perf_counter() - start:.0f} s")
    return model


def fitted_m2(X, y):
    """Train M2, or read it from disk if it was trained before."""
    settings = {
        "faces": [SEED, len(X), FRACTION, RECIPE],
        "epochs": M2_EPOCHS,
        "learning_rate": M2_LEARNING_RATE,
    }
    model = M2(X.shape[1:], y.shape[1], random_state=SEED)

    def train(model):
        model.fit(X, y, n_epochs=M2_EPOCHS, learning_rate=M2_LEARNING_RATE)

    return read_or_train("m2", model, settings, train)


def accuracy(predicted, y):
    """Return the balanced accuracy, averaged over the labels."""
    pairs = zip(y.T, predicted.T, strict=True)
    return np.mean([balanced_accuracy_score(truth, guess) for truth, guess in pairs])


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("figure", nargs="?", help="file to save a figure of edits to")
    parser.add_argument("--model", help="pickled fitted estimator to use")
    parser.add_argument(
        "--networks",
        choices=["auto", "published"],
        default="auto",
        help="the default networks, or those of the paper",
    )
    parser.add_argument("--save", help="file to save the fitted estimator to")
    parser.add_argument("--rows", type=int, default=200, help="faces per label and value")
    return parser.parse_args()


def main():
    """Fit or read the models, print the metrics, and save a figure if requested."""
    options = arguments()
    faces = make_avatars(N_TRAIN + N_TEST, random_state=SEED)
    X, y = faces.data[:N_TRAIN], faces.target[:N_TRAIN]
    y_few = mask_labels(y, fraction=FRACTION, random_state=SEED)
    judge = load_judge(X, y)
    m2 = fitted_m2(X, y_few)
    if options.model is None:
        revae = fitted_revae(X, y_few, options.networks)
    else:
        with open(options.model, "rb") as file:
            revae = pickle.load(file)
    if options.save is not None:
        with open(options.save, "wb") as file:
            pickle.dump(revae, file)
    faces.data, faces.target = faces.data[N_TRAIN:], faces.target[N_TRAIN:]
    correct = (judge.predict(faces.data) == faces.target).mean(axis=0)
    print(f"accuracy of the judge: {correct.mean():.4f}, worst label {correct.min():.4f}")
    for name, model in {"ReVAE": revae, "M2": m2}.items():
        score = accuracy(model.predict(faces.data), faces.target)
        by_judge = accuracy(judge.predict(model.reconstruct(faces.data)), faces.target)
        print(
            f"balanced accuracy: {name} {score:.3f}, "
            f"judge on its reconstructions {by_judge:.3f}"
        )
    methods = editors(revae, m2, faces.data)
    report(compare(methods, faces, judge, options.rows), faces.target_names)
    if options.figure is not None:
        draw(revae, m2, faces, options.figure)


if __name__ == "__main__":
    main()
