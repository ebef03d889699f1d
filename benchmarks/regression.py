"""Regression with 30 labelled samples, compared with scikit-learn's regressors.

Run ``python benchmarks/regression.py``. Of each data set 30 % are test samples, and 30 of
the others are labelled, with ten seeds. The regressors of scikit-learn learn from the
labelled samples only. The table has the mean R2 on test samples, and the fractions of
test samples within one and two standard deviations that the ReVAERegressor predicts.

The test samples are then edited to the 10 % and the 90 % quantile of y. The last lines
are the mean of what the ReVAERegressor predicts for the edited samples, and of what a
random forest predicts that was trained on all samples with their labels.
"""

import numpy as np
from sklearn.datasets import load_diabetes, make_friedman1
from sklearn.ensemble import RandomForestRegressor
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel
from sklearn.linear_model import BayesianRidge, RidgeCV
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_revae import ReVAERegressor

SEEDS = range(10)
N_LABELED = 30
DATA = {
    "diabetes": lambda seed: load_diabetes(return_X_y=True),
    "friedman1": lambda seed: make_friedman1(1500, random_state=seed),
}


def supervised(seed):
    """Regressors that learn from the labelled samples only."""
    kernel = ConstantKernel() * RBF(10.0) + WhiteKernel()
    process = GaussianProcessRegressor(kernel, normalize_y=True, random_state=seed)
    return {
        "ridge regression": RidgeCV(np.logspace(-3, 3, 25)),
        "Bayesian ridge": BayesianRidge(),
        "Gaussian process": process,
        "random forest": RandomForestRegressor(random_state=seed),
    }


def scores(X, y, seed):
    """R2 of each regressor on test samples, and the coverage of the first."""
    X, X_test, y, y_test = train_test_split(X, y, test_size=0.3, random_state=seed)
    labeled = np.random.RandomState(seed).choice(len(y), N_LABELED, replace=False)
    few = np.full(len(y), np.nan)
    few[labeled] = y[labeled]
    model = ReVAERegressor(random_state=seed).fit(X, few)
    predicted, std = model.predict(X_test, return_std=True)
    error = np.abs(y_test - predicted) / std
    found = {"ReVAERegressor": model.score(X_test, y_test)}
    for name, regressor in supervised(seed).items():
        regressor = make_pipeline(StandardScaler(), regressor)
        found[name] = regressor.fit(X[labeled], y[labeled]).score(X_test, y_test)
    found |= {"within 1": (error < 1).mean(), "within 2": (error < 2).mean()}
    return found | edits(model, X_test, np.append(y, y_test), np.vstack([X, X_test]))


def edits(model, X_test, y, X):
    """Mean predictions of the model and of a forest for edits of the test samples."""
    judge = RandomForestRegressor(random_state=0).fit(X, y)
    found = {}
    for percent in (10, 90):
        number = np.percentile(y, percent)
        edited = model.intervene(X_test, number)
        found[f"{percent} %, requested"] = number
        found[f"{percent} %, model"] = model.predict(edited).mean()
        found[f"{percent} %, forest"] = judge.predict(edited).mean()
    return found


def main():
    """Print a table for each data set."""
    for name, make in DATA.items():
        found = [scores(*make(seed), seed) for seed in SEEDS]
        print(name)
        for column in found[0]:
            print(f"  {column:20}{np.mean([row[column] for row in found]):.2f}")


if __name__ == "__main__":
    main()
