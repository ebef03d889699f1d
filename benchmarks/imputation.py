"""Imputation of 30 % missing values, compared with scikit-learn's imputers.

Run ``python benchmarks/imputation.py [breast_cancer ...]``. Values are removed at random,
with five seeds. The error is the root mean squared difference to the removed values, in
standard deviations of each feature. No labels are used. The times to fit and to impute
are printed separately, because a ReVAE fitted for other purposes can impute as well.
"""

import sys
import time
import warnings

import numpy as np
from data_sets import breast_cancer, keel, with_missing
from sklearn.datasets import load_diabetes, load_iris, load_wine
from sklearn.exceptions import ConvergenceWarning
from sklearn.experimental import enable_iterative_imputer  # noqa: F401
from sklearn.impute import IterativeImputer, KNNImputer, SimpleImputer
from sklearn.preprocessing import StandardScaler

from sklearn_revae import ReVAETransformer

SEEDS = range(5)


class ReVAEImputer:
    """A ReVAE with the interface of scikit-learn's imputers."""

    def __init__(self, seed):
        self.model = ReVAETransformer(random_state=seed)

    def fit(self, X):
        """Fit on samples with missing values."""
        self.model.fit(X)
        return self

    def transform(self, X):
        """Impute the missing values."""
        return self.model.impute(X).to_numpy()


class ScaledImputer:
    """An imputer that works on standardised features and returns the original units."""

    def __init__(self, imputer):
        self.scaler, self.imputer = StandardScaler(), imputer

    def fit(self, X):
        """Fit on samples with missing values."""
        self.imputer.fit(self.scaler.fit_transform(X))
        return self

    def transform(self, X):
        """Impute the missing values."""
        filled = self.imputer.transform(self.scaler.transform(X))
        return self.scaler.inverse_transform(filled)


IMPUTERS = {
    "ReVAE": ReVAEImputer,
    "SimpleImputer": lambda seed: ScaledImputer(SimpleImputer()),
    "KNNImputer": lambda seed: ScaledImputer(KNNImputer()),
    "IterativeImputer": lambda seed: ScaledImputer(IterativeImputer(random_state=0)),
}


def compare(title, X):
    """Print the error of each imputer, and its times to fit and to impute."""
    X = X.astype(float).loc[:, X.nunique() > 1]
    complete = X.to_numpy()
    errors, seconds = {}, {}
    for seed in SEEDS:
        incomplete = with_missing(X, 0.3, seed)
        missing = incomplete.isna().to_numpy()
        for name, make in IMPUTERS.items():
            start = time.perf_counter()
            imputer = make(seed).fit(incomplete)
            fitted = time.perf_counter()
            filled = imputer.transform(incomplete)
            times = fitted - start, time.perf_counter() - fitted
            seconds[name] = np.add(seconds.get(name, 0), times)
            difference = ((filled - complete) / complete.std(axis=0))[missing]
            error = np.sqrt(np.mean(np.square(difference)))
            errors.setdefault(name, []).append(error)
    for name, values in errors.items():
        fit, fill = seconds[name] / len(SEEDS)
        print(
            f"{title:<14} {name:<18} {np.mean(values):.4f}  (worst {max(values):.4f}, "
            f"fit {fit:.2f} s, impute {fill:.3f} s)",
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
    # IterativeImputer warns when it stops before its convergence criterion is met.
    warnings.filterwarnings("ignore", category=ConvergenceWarning)
    # A first fit, so that the time torch needs to initialise is not counted below.
    ReVAETransformer(max_iter=1).fit(np.random.RandomState(0).standard_normal((100, 3)))
    for chosen in sys.argv[1:] or DATA:
        compare(chosen, DATA[chosen]())
