"""Edits of drawn faces: is the label that was set seen, and does all else stay.

Run ``python benchmarks/interventions.py [picture.png]``; ``--model file.pkl`` takes a
fitted estimator, ``--save file.pkl`` keeps the one that is fitted, ``--rows 50`` takes
fewer rows. 10,000 faces to train, 6 % of them labelled, 2,000 held out.

Every label is set to 1 and to 0 in up to 200 held-out faces for which the other value is
true. The edits of a ReVAE of default parameters stand beside those of M2, which has the
same networks and the same labels, and beside what changes nothing: the row itself, and
what either model makes of it without an edit. What is seen in a picture is said by a
classifier that was given all labels of the 10,000.

A face with one label changed can be drawn, and that is what an edit should look like.
What the change leaves open (which glasses, which other colour of hair) is drawn four
times, and an edit is held against the nearest of them in pixels, its *drawn edit*:

:success: share of the edits in which the value is seen.
:leakage: share of the other labels that are seen otherwise than in the drawn edit. What
    must change with a label is none, and is leakage where it does not.
:naive: the same against the model's own plain reconstruction: what was blurred away
    before the edit is none, what must change with the label is.
:rmse: root of the mean squared difference to the drawn edit, of pixels in [0, 1].
:outside: the same over the pixels alone that the drawn edit leaves as they were.
:spread in, out: standard deviation of eight draws of an edit of the same row, mean over
    the pixels that the drawn edit changes, and over those that it does not. Draws should
    differ within and agree without. That of the drawn edits is what the change leaves
    open.
"""

import argparse
import pickle
import sys
import time
from functools import partial

import numpy as np
from baselines.m2 import M2
from drawn import SEED, drawn_edits
from judge import load_judge, turned
from sklearn.metrics import balanced_accuracy_score
from trained import read_or_train

from sklearn_revae import ReVAEClassifier
from sklearn_revae.datasets import make_avatars, mask_labels
from sklearn_revae.datasets._avatar_faces import RECIPE

N_ROWS, N_HELD_OUT = 10_000, 2_000
FRACTION = 0.06
N_DRAWS, N_DRAWN_ROWS = 8, 50
M2_EPOCHS, M2_LEARNING_RATE = 16, 2e-3
FIGURES = ("success", "leakage", "naive", "rmse", "outside", "spread in", "spread out")
SHOWN = ("Eyeglasses", "Beard", "Smiling", "Long_Hair", "Blond_Hair", "Dark_Skin")


def squares(pictures, others):
    """Squared differences of pixels in [0, 1], mean over the colours."""
    difference = np.subtract(pictures, others, dtype=np.float32) / 255
    return np.square(difference).mean(axis=-1)


def root_mean(squared, where=True):
    """Root of the mean over the pixels `where` that holds."""
    return np.sqrt(np.mean(squared, where=where))


def nearest(edits, drawn):
    """Of the drawn edits (n, 4, 64, 64, 3), that of each row which is like its edit."""
    away = squares(edits[:, None], drawn).mean(axis=(2, 3))
    return drawn[np.arange(len(drawn)), away.argmin(axis=1)]


def spread(draws, stays):
    """Deviation between draws (n, m, 64, 64, 3): where not `stays`, and where."""
    if draws is None:
        return np.nan, np.nan
    deviation = (draws / np.float32(255)).std(axis=1).mean(axis=-1)
    stays = stays[: len(draws)]
    return deviation.mean(where=~stays), deviation.mean(where=stays)


class Trial:
    """One label, set to one value in faces that have the other.

    Parameters
    ----------
    faces : Bunch
        The held-out ones, behind the `N_ROWS` to train on.
    label, value : int
        What is asked for.
    n_rows : int
        At most so many faces.
    judge : Judge
        Who says what is seen.
    """

    def __init__(self, faces, label, value, n_rows, judge):
        self.label, self.value = label, value
        self.rows = turned(faces.target, label, value, n_rows)
        self.X = faces.data[self.rows]
        name = faces.target_names[label]
        self.drawn = drawn_edits(N_ROWS + self.rows, name, value)
        self.judge = judge

    def figures(self, edits, rebuilt, draws):
        """Figures in the order of `FIGURES`.

        Parameters
        ----------
        edits, rebuilt : arrays (n, 64, 64, 3)
            Edits, and what is made of the rows without one.
        draws : array (n_drawn, m, 64, 64, 3) or None
            Several edits of the first rows.
        """
        drawn = nearest(edits, self.drawn)
        seen, expected, before = map(self.judge.predict, (edits, drawn, rebuilt))
        others = np.arange(seen.shape[1]) != self.label
        stays = (drawn == self.X).all(axis=-1)
        squared = squares(edits, drawn)
        return (
            np.mean(seen[:, self.label] == self.value),
            np.mean((seen != expected)[:, others]),
            np.mean((seen != before)[:, others]),
            root_mean(squared),
            root_mean(squared, stays),
            *spread(draws, stays),
        )


def edited(intervene, sample, trial):
    """Edits of a trial's rows, and draws of the first ones."""
    do, first = {trial.label: trial.value}, trial.X[:N_DRAWN_ROWS]
    draws = sample(first, do, n_samples=N_DRAWS, random_state=SEED)
    return intervene(trial.X, do), draws


def contestants(revae, m2, X):
    """By name: what is made of X without an edit, and the edits of a trial."""
    by_revae, by_m2 = revae.reconstruct(X), m2.reconstruct(X)
    sample = partial(revae.intervene, method="sample")
    return {
        "ReVAE": (by_revae, lambda trial: edited(revae.intervene, sample, trial)),
        "M2": (by_m2, lambda trial: edited(m2.intervene, m2.intervene, trial)),
        "ReVAE, no edit": (by_revae, lambda trial: (by_revae[trial.rows], None)),
        "M2, no edit": (by_m2, lambda trial: (by_m2[trial.rows], None)),
        "the row itself": (X, lambda trial: (trial.X, None)),
        "drawn edits": (X, lambda trial: (trial.drawn[:, 0], trial.drawn)),
    }


def compare(rivals, faces, judge, n_rows):
    """Figures (n_labels, 2, n_figures) by name: label, value asked for, `FIGURES`."""
    n_labels = faces.target.shape[1]
    table = {name: np.zeros((n_labels, 2, len(FIGURES))) for name in rivals}
    for label, value in np.ndindex(n_labels, 2):
        trial = Trial(faces, label, value, n_rows, judge)
        for name, (rebuilt, edit) in rivals.items():
            edits, draws = edit(trial)
            table[name][label, value] = trial.figures(edits, rebuilt[trial.rows], draws)
    return table


def line(title, numbers, width=11):
    """Title and numbers, a dash for those that there are none of."""
    cells = (f"{n:{width}.3f}" if np.isfinite(n) else f"{'-':>{width}}" for n in numbers)
    return f"{title:<15}" + "".join(cells)


def report(table, names):
    """Print the means over labels and values, then each label of the two models."""
    print(f"\n{'':<15}" + "".join(f"{figure:>11}" for figure in FIGURES))
    for name, figures in table.items():
        print(line(name, figures.mean(axis=(0, 1))))
    for value in (0, 1):
        print(f"\nset to {value}, ReVAE and M2:")
        print(f"{'':<15}" + "".join(f"{figure:>16}" for figure in FIGURES))
        pair = np.stack([table["ReVAE"], table["M2"]], axis=-1)[:, value]
        for name, figures in zip(
            [*names, "mean"], [*pair, pair.mean(axis=0)], strict=True
        ):
            print(line(name, figures.ravel(), width=8))


def draw(revae, m2, faces, path, n_rows=8):
    """Write a picture: rows, rebuilt by both, and drawn and both models' edits."""
    import matplotlib.pyplot as plt

    X = faces.data[:n_rows]
    columns = {"row": X, "ReVAE": revae.reconstruct(X), "M2": m2.reconstruct(X)}
    for name in SHOWN:
        label = faces.target_names.index(name)
        asked = 1 - faces.target[:n_rows, label]
        drawn = np.empty_like(X)
        for value in (0, 1):
            rows = np.flatnonzero(asked == value)
            if rows.size:
                drawn[rows] = drawn_edits(N_ROWS + rows, name, value)[:, 0]
        columns[f"drawn\n{name}"] = drawn
        columns[f"ReVAE\n{name}"] = revae.intervene(X, {label: asked})
        columns[f"M2\n{name}"] = m2.intervene(X, {label: asked})
    tiles = np.concatenate([np.concatenate(c) for c in columns.values()], axis=1)
    figure, axes = plt.subplots(figsize=(1.0 * len(columns), 1.1 * n_rows))
    axes.imshow(tiles)
    axes.set_xticks(64 * np.arange(len(columns)) + 32, columns, fontsize=7)
    axes.tick_params(top=False, labeltop=True, labelbottom=False, length=0)
    axes.set_yticks([])
    figure.savefig(path, dpi=110, bbox_inches="tight")


def fitted_revae(X, y):
    """ReVAE of default parameters."""
    start = time.perf_counter()
    model = ReVAEClassifier(random_state=SEED, verbose=sys.stderr.isatty()).fit(X, y)
    print(f"ReVAE fitted in {time.perf_counter() - start:.0f} s")
    return model


def fitted_m2(X, y):
    """M2, from disk if it was trained before."""
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
    """Balanced accuracy, mean of the labels."""
    pairs = zip(y.T, predicted.T, strict=True)
    return np.mean([balanced_accuracy_score(truth, guess) for truth, guess in pairs])


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("picture", nargs="?", help="file to draw edits into")
    parser.add_argument("--model", help="pickled fitted estimator, in place of a fit")
    parser.add_argument("--save", help="file to pickle the fitted estimator into")
    parser.add_argument("--rows", type=int, default=200, help="a label and value")
    return parser.parse_args()


def main():
    """Fit or read, print, and draw if asked to."""
    asked = arguments()
    faces = make_avatars(N_ROWS + N_HELD_OUT, random_state=SEED)
    X, y = faces.data[:N_ROWS], faces.target[:N_ROWS]
    few = mask_labels(y, fraction=FRACTION, random_state=SEED)
    judge = load_judge(X, y)
    m2 = fitted_m2(X, few)
    if asked.model is None:
        revae = fitted_revae(X, few)
    else:
        with open(asked.model, "rb") as file:
            revae = pickle.load(file)
    if asked.save is not None:
        with open(asked.save, "wb") as file:
            pickle.dump(revae, file)
    faces.data, faces.target = faces.data[N_ROWS:], faces.target[N_ROWS:]
    seen = (judge.predict(faces.data) == faces.target).mean(axis=0)
    print(f"the judge's accuracy: mean {seen.mean():.4f}, worst label {seen.min():.4f}")
    for name, model in {"ReVAE": revae, "M2": m2}.items():
        score = accuracy(model.predict(faces.data), faces.target)
        visible = accuracy(judge.predict(model.reconstruct(faces.data)), faces.target)
        print(f"balanced accuracy: {name} {score:.3f}, judge on its rows {visible:.3f}")
    rivals = contestants(revae, m2, faces.data)
    report(compare(rivals, faces, judge, asked.rows), faces.target_names)
    if asked.picture is not None:
        draw(revae, m2, faces, asked.picture)


if __name__ == "__main__":
    main()
