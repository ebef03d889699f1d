"""Edits of breast_cancer to the other class, compared with those of DiCE.

Run ``python benchmarks/counterfactuals.py [dice.npz]``. DiCE needs a virtual environment
of its own, in which ``pip install dice-ml==0.12`` was called. With it, run
``python benchmarks/counterfactuals.py --dice dice.npz`` first, which stores DiCE's edits.

Forty samples are edited to the class that they do not have. All models are fitted on all
samples and labels; DiCE edits what a random forest predicts. The judge, a gradient
boosting, is fitted on all samples as well, and makes no edits. Figures of ReVAE are means
over five seeds.

:agreement: fraction of the edits in which the judge predicts the requested class. Samples
    for which a method finds no edit count as failed, and are left out of the others.
:columns: mean number of features that change.
:change: mean absolute change of a feature, in its standard deviations.
:nearest: mean distance of an edit from the nearest real sample of the requested class, in
    standard deviations. For real samples and their own class, it is 2.26.
:time: milliseconds per edit, without fitting.
"""

import argparse
import time
import warnings

import numpy as np
import pandas as pd
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier

N_ROWS = 40
SEEDS = range(5)


def data():
    """Return samples, labels, and the positions of the samples to edit."""
    X, y = load_breast_cancer(return_X_y=True)
    return X, y, np.random.RandomState(0).choice(len(X), N_ROWS, replace=False)


def dice_edits(method):
    """Return DiCE's edits of a random forest, NaN where it finds none, and the time."""
    import dice_ml

    X, y, rows = data()
    names = [f"x{j}" for j in range(X.shape[1])]
    table = pd.DataFrame(X, columns=names)
    forest = RandomForestClassifier(random_state=0).fit(table, y)
    known = dice_ml.Data(
        dataframe=table.assign(y=y), continuous_features=names, outcome_name="y"
    )
    explainer = dice_ml.Dice(known, dice_ml.Model(forest, backend="sklearn"), method)
    edits, start = np.full((N_ROWS, X.shape[1]), np.nan), time.perf_counter()
    for i, row in enumerate(rows):
        options = {"total_CFs": 1, "desired_class": int(1 - y[row]), "verbose": False}
        if method == "random":
            options["random_seed"] = 0
        try:
            found = explainer.generate_counterfactuals(table.iloc[[row]], **options)
        except Exception as error:
            # DiCE raises an exception of its own if it finds nothing.
            print(f"{method}, sample {row}: {error}")
            continue
        found = found.cf_examples_list[0].final_cfs_df
        if found is not None and len(found):
            edits[i] = found[names].to_numpy(float)[0]
    return edits, (time.perf_counter() - start) / N_ROWS


def own_edits(model, **options):
    """Return the edits of a fitted ReVAEClassifier, and the time."""
    X, y, rows = data()
    start = time.perf_counter()
    edits = model.intervene(X[rows], 1 - y[rows], **options)
    return edits, (time.perf_counter() - start) / N_ROWS


def measure(judge, edits):
    """Return agreement, columns, change and distance of edits (n, n_features)."""
    X, y, rows = data()
    wanted, spread = 1 - y[rows], X.std(axis=0)
    found = ~np.isnan(edits).any(axis=1)
    success = np.zeros(N_ROWS, dtype=bool)
    success[found] = judge.predict(edits[found]) == wanted[found]
    change = np.abs(edits - X[rows])[found]
    nearest = [
        np.sqrt(np.square((X[y == value] - edit) / spread).sum(axis=1)).min()
        for edit, value in zip(edits[found], wanted[found], strict=True)
    ]
    return (
        success.mean(),
        (change > 1e-9).sum(axis=1).mean(),
        (change / spread).mean(),
        np.mean(nearest),
    )


def main():
    """Print a line for each method."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", nargs="?", help="edits of DiCE")
    parser.add_argument("--dice", action="store_true", help="write the edits of DiCE")
    arguments = parser.parse_args()
    X, y, _ = data()
    judge = HistGradientBoostingClassifier(random_state=0).fit(X, y)
    results = {}
    if arguments.dice:
        warnings.filterwarnings("ignore")
        results = {f"DiCE {name}": [dice_edits(name)] for name in ("genetic", "random")}
        edits = {name: found[0] for name, (found,) in results.items()}
        times = {f"{name} time": found[1] for name, (found,) in results.items()}
        np.savez(arguments.file, **edits, **times)
    else:
        from sklearn_revae import ReVAEClassifier

        if arguments.file:
            stored = np.load(arguments.file)
            for name in ("DiCE genetic", "DiCE random"):
                results[name] = [(stored[name], float(stored[f"{name} time"]))]
        models = [ReVAEClassifier(random_state=seed).fit(X, y) for seed in SEEDS]
        for name, options in {
            "ReVAE": {},
            "ReVAE, strength='auto'": {"strength": "auto"},
            "ReVAE, max_columns=6": {"max_columns": 6},
            "ReVAE, max_columns=10": {"max_columns": 10},
        }.items():
            results[name] = [own_edits(model, **options) for model in models]
    print(f"{'':24s} agreement  columns  change  nearest   time")
    for name, found in results.items():
        agreement, columns, change, nearest = np.mean(
            [measure(judge, edits) for edits, _ in found], axis=0
        )
        milliseconds = 1000 * np.mean([seconds for _, seconds in found])
        print(
            f"{name:24s} {agreement:9.3f}  {columns:7.1f}  {change:6.2f}  "
            f"{nearest:7.2f}  {milliseconds:5.1f}"
        )


if __name__ == "__main__":
    main()
