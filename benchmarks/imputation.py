"""Filling 30 % removed cells, beside scikit-learn's imputers.

Run ``python benchmarks/imputation.py [breast_cancer satimage]``. Cells are removed at
random, five seeds. The error is the root of the mean squared difference to what was
removed, in standard deviations of the columns; no labels are used.
"""

import sys
import time
import warnings

import numpy as np
from real_data import breast_cancer, keel, with_holes
from sklearn.experimental import enable_iterative_imputer  # noqa: F401
from sklearn.impute import IterativeImputer, KNNImputer, SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_revae import ReVAETransformer

SEEDS = range(5)


def revae(X, seed):
    """Return X filled by a ReVAE of default parameters."""
    return ReVAETransformer(random_state=seed).fit(X).impute(X).to_numpy()


def scaled(imputer):
    """Return a filler by `imputer` on columns of unit variance, back in X's units."""

    def fill(X, seed):
        pipeline = make_pipeline(StandardScaler(), imputer)
        filled = pipeline.fit_transform(X)
        return pipeline[0].inverse_transform(filled)

    return fill


FILLERS = {
    "ReVAE": revae,
    "SimpleImputer": scaled(SimpleImputer()),
    "KNNImputer": scaled(KNNImputer()),
    "IterativeImputer": scaled(IterativeImputer(random_state=0)),
}


def compare(title, X):
    """Print the error of every filler, and its time."""
    X = X.astype(float)
    whole = X.to_numpy()
    errors, seconds = {}, {}
    for seed in SEEDS:
        holed = with_holes(X, 0.3, seed)
        missing = holed.isna().to_numpy()
        for name, fill in FILLERS.items():
            start = time.perf_counter()
            filled = fill(holed, seed)
            seconds[name] = seconds.get(name, 0) + time.perf_counter() - start
            difference = ((filled - whole) / whole.std(axis=0))[missing]
            error = np.sqrt(np.mean(np.square(difference)))
            errors.setdefault(name, []).append(error)
    for name, values in errors.items():
        print(
            f"{title:<14} {name:<18} {np.mean(values):.4f}  (worst {max(values):.4f}, "
            f"{seconds[name] / len(SEEDS):.1f} s)",
            flush=True,
        )


DATA = {
    "breast_cancer": lambda: breast_cancer()[0],
    "satimage": lambda: keel("satimage")[0],
}

if __name__ == "__main__":
    warnings.filterwarnings("ignore", message=".*convergence was not reached")
    for chosen in sys.argv[1:] or DATA:
        compare(chosen, DATA[chosen]())
