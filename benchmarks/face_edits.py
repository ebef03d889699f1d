"""Whether edits of drawn faces look as they should, for ReVAE and for rival models.

Run ``python benchmarks/face_edits.py [rivals.png] [sheet.png]``. The models are trained
on 10,000 faces with grouped labels, 6 % of them labelled; 2,000 faces are held out. The
images have 32 pixels per side, or 64 with ``--size 64``. For each label and value, up to
100 held-out faces (``--rows``) that have another value are edited. ReVAE has default
parameters. ``--save file.pkl`` saves the fitted ReVAE, and ``--model file.pkl`` reads it.
Rivals are trained for ``--steps`` steps once and then read from disk; ``--train M2``
trains one of them and stops. ``--shipped`` only evaluates the model that the package
ships, on faces of 64 pixels and with labels that it knows.

The generator of the faces redraws each face with the requested value, four times with
random details that the label leaves open. The closest of the four is the *drawn edit*.
A model's edit is the image that it decodes, or (*blended*) this image where the edit
changes it and the face elsewhere, which is the default of ReVAE. Measures:

:accuracy: balanced accuracy of the model on the held-out faces, mean over the labels.
:success: fraction of the edits in which a judge sees the requested value. The judge is a
    classifier that was trained with all labels.
:least: the smallest success of a label and value.
:leakage: fraction of the other labels that the judge sees differently than in the drawn
    edit.
:region: success by judges of the part of the face that shows the label.
:inside: distance to the drawn edit over the pixels that it changes, relative to that of
    the unedited face.
:outside: distance to the drawn edit over the other pixels, relative to that of the
    model's reconstruction.
:null, 5 nulls: mean absolute difference between a face and its null edit, in which all
    labels are set to their predicted values, and after five null edits (*composition*).
:minimality: counterfactual latent divergence on pixels, see ``edit_measures.py``.
:back: mean absolute difference between a face and its edit, edited back
    (*reversibility*).

The fourth axiom, effectiveness, is the success of each label, in the second table. The
first picture shows eight faces, the drawn edit and the edit by each model; the second one
shows eight faces with every value of every label by ReVAE.
"""

import argparse
import pickle
import time
from functools import partial
from typing import NamedTuple

import edit_measures as measure
import numpy as np
import torch
from baselines.ccvae import CCVAE
from baselines.diva import DIVA
from baselines.m2 import M2
from baselines.mvae import MVAE
from drawn import SEED, drawn_edits, load_faces
from edit_pictures import N_SHOWN, draw, rivals_shown, sheet
from judge import load_judge, load_region_judges, rows_to_edit
from scipy.spatial.distance import cdist
from sklearn.metrics import balanced_accuracy_score
from sklearn.preprocessing import OrdinalEncoder
from trained import read_or_train

from sklearn_revae import ReVAEClassifier
from sklearn_revae.datasets import mask_labels
from sklearn_revae.datasets._avatar_faces import RECIPE
from sklearn_revae.demo import load_avatars

N_TRAIN, N_TEST = 10_000, 2_000
FRACTION = 0.06
RIVALS = {"CCVAE": CCVAE, "DIVA": DIVA, "MVAE": MVAE, "M2": M2}
MEASURES = (
    "success",
    "leakage",
    "region",
    "inside",
    "outside",
    "minimality",
    "back",
)
COLUMNS = (
    "accuracy",
    "success",
    "least",
    "leakage",
    "region",
    "inside",
    "outside",
    "null",
    "5 nulls",
    "minimality",
    "back",
    "fit, s",
)
N_NULL_EDITS = 5
# Faces that the distance of an edit is compared with, for its minimality.
N_OTHERS = 500


class Judges(NamedTuple):
    """The judge of whole faces, and the judges of regions."""

    whole: object
    regions: object


class Trial:
    """Edits that set one label of some held-out faces to one value.

    Parameters
    ----------
    faces : Faces
        The held-out faces.
    label, value : int
        The label to edit, and the code of its requested value.
    n_rows : int
        Largest number of faces to edit.
    """

    def __init__(self, faces, label, value, n_rows):
        self.label, self.value = label, value
        self.rows = rows_to_edit(faces.y, label, value, n_rows)
        self.X, self.own = faces.X[self.rows], faces.y[self.rows, label]
        name, requested = faces.names[label], faces.values[label][value]
        self.drawn = drawn_edits(faces.rows[self.rows], name, requested, faces.X.shape[1])
        self.title = f"{name} {requested}"
        distances = cdist(_flat(self.X), _flat(faces.X[:N_OTHERS]), "cityblock")
        distances /= self.X[0].size
        codes, others = faces.y[:N_OTHERS, label], np.arange(N_OTHERS)
        self.to_requested = distances[:, codes == value]
        self.to_own = [
            distance[(codes == own) & (others != row)]
            for distance, own, row in zip(distances, self.own, self.rows, strict=True)
        ]

    def measures(self, edits, back, reconstructions, judges):
        """Return the measures in the order of `MEASURES`.

        Parameters
        ----------
        edits, back, reconstructions : arrays of uint8 (n, size, size, 3)
            The edited faces, the same edited back, and the reconstructions of the faces.
        judges : Judges
            The judges.
        """
        drawn = measure.nearest(edits, self.drawn)
        seen, expected = judges.whole.predict(edits), judges.whole.predict(drawn)
        moved = measure.pixel_distances(edits, self.X).mean(axis=(1, 2))
        each = zip(moved, self.to_requested, self.to_own, strict=True)
        return (
            measure.success(seen, self.label, self.value),
            measure.leakage(seen, expected, self.label),
            measure.success(judges.regions.predict(edits), self.label, self.value),
            measure.error_inside(edits, drawn, self.X),
            measure.error_outside(edits, drawn, self.X, reconstructions),
            np.mean([measure.latent_divergence(*distances) for distances in each]),
            measure.distance(self.X, back),
        )


def _flat(images):
    return images.reshape(len(images), -1) / 255.0


class Method(NamedTuple):
    """A model and how it edits.

    Attributes
    ----------
    model : estimator
        Has the methods `predict` and `reconstruct`.
    intervene : callable
        Edits images: ``intervene(X, {label: code})``.
    seconds : float
        Processor time of the fit.
    """

    model: object
    intervene: object
    seconds: float


def balanced_accuracy(predicted, y):
    """Return the balanced accuracy, averaged over the labels."""
    pairs = zip(y.T, predicted.T, strict=True)
    return np.mean([balanced_accuracy_score(truth, guess) for truth, guess in pairs])


def null_edits(method, X, n):
    """Return the images after each of n null edits."""
    images, found = X, []
    for _ in range(n):
        predicted = method.model.predict(images)
        images = method.intervene(images, dict(enumerate(predicted.T)))
        found.append(images)
    return found


def evaluate(method, faces, trials, judges):
    """Return the figures in the order of `COLUMNS`, and `MEASURES` of each trial."""
    found = []
    for trial in trials:
        edits = method.intervene(trial.X, {trial.label: trial.value})
        back = method.intervene(edits, {trial.label: trial.own})
        reconstructions = method.model.reconstruct(trial.X)
        found.append(trial.measures(edits, back, reconstructions, judges))
    found = np.array(found)
    mean = dict(zip(MEASURES, np.nanmean(found, axis=0), strict=True))
    X = faces.X[:200]
    nulls = null_edits(method, X, N_NULL_EDITS)
    mean |= {
        "accuracy": balanced_accuracy(method.model.predict(faces.X), faces.y),
        "least": found[:, 0].min(),
        "null": measure.distance(X, nulls[0]),
        "5 nulls": measure.distance(X, nulls[-1]),
        "fit, s": method.seconds,
    }
    return [mean[column] for column in COLUMNS], found


def references(trials, judges):
    """Return rows of figures of the unedited faces and of the drawn edits."""
    rows = {}
    for name in ("original", "drawn edits"):
        found = []
        for trial in trials:
            edits = trial.X if name == "original" else trial.drawn[:, 0]
            found.append(trial.measures(edits, trial.X, trial.X, judges))
        mean = dict(zip(MEASURES, np.mean(found, axis=0), strict=True))
        mean |= {"least": np.min(found, axis=0)[0], "back": np.nan, "outside": np.nan}
        rows[name] = [mean.get(column, np.nan) for column in COLUMNS]
    return rows


def rst_table(header, rows):
    """Return a table in reST; `rows` maps titles to numbers, NaN is a dash."""
    cells = [
        [title, *("-" if np.isnan(n) else _number(n) for n in numbers)]
        for title, numbers in rows.items()
    ]
    widths = [max(map(len, column)) for column in zip(header, *cells, strict=True)]
    rule = "  ".join("=" * width for width in widths)
    lines = [
        "  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip()
        for row in (header, *cells)
    ]
    return "\n".join([rule, lines[0], rule, *lines[1:], rule])


def _number(n):
    return f"{n:.0f}" if n >= 10 else f"{n:.3f}"


def fitted_rival(name, X, y, n_values, n_steps):
    """Train a rival, or read it from disk if it was trained before."""
    model = RIVALS[name](X.shape[1:], n_values, random_state=SEED)
    settings = {
        "faces": [SEED, *X.shape, FRACTION, RECIPE],
        "n_steps": n_steps,
        "label_weight": model.label_weight,
        # A change of the networks is seen in the shapes of their weights.
        "shapes": [list(weights.shape) for weights in model.state_dict().values()],
    }
    train = partial(_train, X=X, y=y, n_steps=n_steps)
    return read_or_train(name.lower(), model, settings, train)


def _train(model, X, y, n_steps):
    start = time.process_time()
    model.fit(X, y, n_steps=n_steps, random_state=SEED)
    model.seconds += time.process_time() - start


def fitted_revae(options, X, y):
    """Train a ReVAE with default parameters, or read a fitted one."""
    if options.model is not None:
        with open(options.model, "rb") as file:
            return pickle.load(file), np.nan
    start = time.process_time()
    model = ReVAEClassifier(random_state=SEED).fit(X, y)
    seconds = time.process_time() - start
    if options.save is not None:
        with open(options.save, "wb") as file:
            pickle.dump(model, file)
    return model, seconds


class Shipped:
    """The model that ships with the package, with codes in place of labels' values."""

    def __init__(self, faces):
        self.model, _ = load_avatars()
        self.names, self.values = faces.names, faces.values
        self.reconstruct = self.model.reconstruct

    def predict(self, X):
        """Return the codes (n, L) of the labels of images."""
        encoder = OrdinalEncoder(categories=self.values, dtype=int)
        return encoder.fit_transform(np.asarray(self.model.predict(X), dtype=object))

    def intervene(self, X, do, **options):
        """Edit images; `do` maps positions of labels to codes."""
        requested = {
            self.names[label]: np.array(self.values[label], dtype=object)[code]
            for label, code in do.items()
        }
        return self.model.intervene(X, requested, **options)


def methods_of(options, X, y, faces):
    """Return all methods by name: each model, blended and as decoded."""
    if options.shipped:
        shipped = Shipped(faces)
        return {
            "shipped": Method(shipped, shipped.intervene, np.nan),
            "shipped, decoded": Method(
                shipped, partial(shipped.intervene, residual=False), np.nan
            ),
        }
    revae, seconds = fitted_revae(options, X, y)
    methods = {
        "ReVAE": Method(revae, revae.intervene, seconds),
        "ReVAE, decoded": Method(
            revae, partial(revae.intervene, residual=False), seconds
        ),
    }
    for name in RIVALS:
        rival = fitted_rival(name, X, y, _n_values(faces), options.steps)
        seconds = float(rival.seconds)
        methods[name] = Method(rival, rival.intervene, seconds)
        blended = partial(rival.intervene, blend=True)
        methods[f"{name}, blended"] = Method(rival, blended, seconds)
    return methods


def _n_values(faces):
    return [len(values) for values in faces.values]


def report(methods, faces, trials, judges):
    """Print the tables of all methods, of each label, and of each value by ReVAE."""
    figures, details = references(trials, judges), {}
    for name, method in methods.items():
        figures[name], details[name] = evaluate(method, faces, trials, judges)
    print(rst_table(["method", *COLUMNS], figures), "\n")
    labels = np.array([trial.label for trial in trials])
    by_label = {
        name: [d[labels == label, 0].mean() for d in details.values()]
        for label, name in enumerate(faces.names)
    }
    print(rst_table(["success", *details], by_label), "\n")
    name = next(iter(details))
    by_value = dict(zip((trial.title for trial in trials), details[name], strict=True))
    print(rst_table([name, *MEASURES], by_value))


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("rivals", nargs="?", help="file to save a picture of models to")
    parser.add_argument("sheet", nargs="?", help="file to save a picture of values to")
    parser.add_argument("--size", type=int, choices=[32, 64], default=32)
    parser.add_argument("--rows", type=int, default=100, help="faces per label and value")
    parser.add_argument("--steps", type=int, default=1000, help="steps of the rivals")
    parser.add_argument("--shown", default="Hair blond", help="edit in the first picture")
    parser.add_argument("--model", help="pickled fitted estimator to use")
    parser.add_argument("--save", help="file to save the fitted estimator to")
    parser.add_argument("--shipped", action="store_true", help="use the shipped model")
    parser.add_argument("--train", choices=list(RIVALS), help="only train this rival")
    return parser.parse_args()


def main():
    """Fit or read the models, print the tables, and save pictures if requested."""
    options = arguments()
    # Subnormal numbers are slow to compute with.
    torch.set_flush_denormal(True)
    size = 64 if options.shipped else options.size
    faces = load_faces(N_TRAIN + N_TEST, size, shipped=options.shipped)
    X, y = faces.X[:N_TRAIN], faces.y[:N_TRAIN]
    y_few = mask_labels(y, fraction=FRACTION, random_state=SEED)
    if options.train is not None:
        fitted_rival(options.train, X, y_few, _n_values(faces), options.steps)
        return
    judges = Judges(load_judge(X, y), load_region_judges(X, y, faces.names))
    held_out = faces.taken(slice(N_TRAIN, None))
    for name, judge in judges._asdict().items():
        correct = (judge.predict(held_out.X) == held_out.y).mean(axis=0)
        print(f"judge, {name}: accuracy {correct.mean():.4f}, least {correct.min():.4f}")
    methods = methods_of(options, X, y_few, faces)
    pairs = [(label, k) for label, n in enumerate(_n_values(faces)) for k in range(n)]
    trials = [Trial(held_out, *pair, options.rows) for pair in pairs]
    report(methods, held_out, trials, judges)
    if options.rivals is not None:
        shown = next(trial for trial in trials if trial.title == options.shown)
        draw(rivals_shown(methods, shown), options.rivals)
    if options.sheet is not None:
        first = next(iter(methods.values()))
        draw(sheet(first, held_out.X[:N_SHOWN], trials), options.sheet)


if __name__ == "__main__":
    main()
