"""Filling 30 % removed cells, beside scikit-learn's imputers.

Run ``python benchmarks/imputation.py [breast_cancer ...]``. Cells are removed at
random, five seeds. The error is the root of the mean squared difference to what was
removed, in standard deviations of the columns; no labels are used. The time to fit and
the time to fill, once fitted, are told apart: a ReVAE that predicts and edits fills too.
One of few epochs and one small layer, the "brief", is for who wants gaps filled alone.
"""

import sys
import time
import warnings

import numpy as np
from real_data import breast_cancer, keel, with_holes
from sklearn.datasets import load_diabetes, load_iris, load_wine
from sklearn.exceptions import ConvergenceWarning
from sklearn.experimental import enable_iterative_imputer  # noqa: F401
from sklearn.impute import IterativeImputer, KNNImputer, SimpleImputer
from sklearn.preprocessing import StandardScaler

from sklearn_revae import ReVAETransformer

SEEDS = range(5)
BRIEF = {"hidden_layer_sizes": (128,), "learning_rate_init": 0.01, "max_iter": 3}


class Filler:
    """A ReVAE in the shape of scikit-learn's imputers."""

    def __init__(self, seed, parameters):
        self.model = ReVAETransformer(random_state=seed, **parameters)

    def fit(self, X):
        """Fit on rows with gaps."""
        self.model.fit(X)
        return self

    def transform(self, X):
        """Fill the gaps."""
        return self.model.impute(X).to_numpy()


class Scaled:
    """An imputer on columns of unit variance, back in X's units."""

    def __init__(self, imputer):
        self.scaler, self.imputer = StandardScaler(), imputer

    def fit(self, X):
        """Fit on rows with gaps."""
        self.imputer.fit(self.scaler.fit_transform(X))
        return self

    def transform(self, X):
        """Fill the gaps."""
        filled = self.imputer.transform(self.scaler.transform(X))
        return self.scaler.inverse_transform(filled)


FILLERS = {
    "ReVAE": lambda seed: Filler(seed, {}),
    "ReVAE, brief": lambda seed: Filler(seed, BRIEF),
    "SimpleImputer": lambda seed: Scaled(SimpleImputer()),
    "KNNImputer": lambda seed: Scaled(KNNImputer()),
    "IterativeImputer": lambda seed: Scaled(IterativeImputer(random_state=0)),
}


def compare(title, X):
    """Print the error of every filler, and its times."""
    X = X.astype(float).loc[:, X.nunique() > 1]
    whole = X.to_numpy()
    errors, seconds = {}, {}
    for seed in SEEDS:
        holed = with_holes(X, 0.3, seed)
        missing = holed.isna().to_numpy()
        for name, make in FILLERS.items():
            start = time.perf_counter()
            filler = make(seed).fit(holed)
            fitted = time.perf_counter()
            filled = filler.transform(holed)
            times = fitted - start, time.perf_counter() - fitted
            seconds[name] = np.add(seconds.get(name, 0), times)
            difference = ((filled - whole) / whole.std(axis=0))[missing]
            error = np.sqrt(np.mean(np.square(difference)))
            errors.setdefault(name, []).append(error)
    for name, values in errors.items():
        fit, fill = seconds[name] / len(SEEDS)
        print(
            f"{title:<14} {name:<18} {np.mean(values):.4f}  (worst {max(values):.4f}, "
            f"fit {fit:.2f} s, fill {fill:.3f} s)",
            flush=True,
        )


DATA = {
    "breast_cancer": lambda: breast_cancer()[0],
    "satimage": lambda: keel("satimage")[0],
    "wine": lambda: load_wine(as_frame=True).data,
    "diabetes": lambda: load_diabetes(as_frame=True).data.drop(columns="sex"),
    "vehicle": lambda: keel("vehicle")[0],
    "segment": lambda: keel("segment")[0],
    "iris": lambda: load_iris(as_frame=True).data,
}

if __name__ == "__main__":
    # IterativeImputer's, of its criterion for stopping early.
    warnings.filterwarnings("ignore", category=ConvergenceWarning)
    # torch loads much at its first use, which is no part of a fit.
    ReVAETransformer(max_iter=1).fit(np.random.RandomState(0).standard_normal((100, 3)))
    for chosen in sys.argv[1:] or DATA:
        compare(chosen, DATA[chosen]())
