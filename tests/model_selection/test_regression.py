"""Splitters, scorers and wrappers for labels that are numbers, NaN where unlabelled."""

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import BaggingRegressor
from sklearn.linear_model import LinearRegression
from sklearn.metrics import r2_score
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.multioutput import MultiOutputRegressor
from sklearn.pipeline import make_pipeline

from sklearn_revae import ReVAERegressor, ReVAETransformer
from sklearn_revae.model_selection import (
    LabeledKFold,
    LabeledOnly,
    LabeledShuffleSplit,
    WithUnlabeled,
    label_learning_curve,
    labeled_scorer,
    unlabeled_gain,
)

QUICK = {"n_members": 1, "max_iter": 1, "edit_weight": 0, "random_state": 0}
SPLITTERS = [
    LabeledKFold(3, numeric=True),
    LabeledKFold(3, numeric=True, shuffle=True, random_state=0),
    LabeledShuffleSplit(3, numeric=True, random_state=0),
]


@pytest.fixture(scope="module")
def data():
    """Thirty samples, whose number is -1, 0, 1 or so, and every third is labelled."""
    rng = np.random.RandomState(0)
    X = rng.normal(size=(30, 3))
    y = (X @ [1.0, 2.0, 0.0]).round()
    return X, np.where(np.arange(30) % 3 == 0, y, np.nan)


@pytest.mark.parametrize("cv", SPLITTERS)
@pytest.mark.parametrize("kind", [np.asarray, pd.Series, list])
def test_labelled_samples_are_tested_and_all_others_trained_on(data, cv, kind):
    X, y = data
    labelled = np.flatnonzero(~np.isnan(y))
    for train, test in cv.split(X, kind(y)):
        assert set(test) <= set(labelled)
        assert sorted([*train, *test]) == list(range(30))


def test_minus_one_is_a_number(data):
    X, y = data
    assert (y == -1).any()
    tests = [test for _, test in SPLITTERS[0].split(X, y)]
    assert np.isin(np.flatnonzero(y == -1), np.concatenate(tests)).all()


def test_groups_are_kept_apart(data):
    X, y = data
    groups = np.arange(30) // 6
    for train, test in SPLITTERS[0].split(X, y, groups):
        assert not set(groups[train]) & set(groups[test])


def test_continuous_numbers_need_numeric(data):
    X, y = data
    with pytest.raises(ValueError, match="pass numeric=True"):
        next(LabeledKFold(3).split(X, y + 0.5))


@pytest.mark.parametrize("splitter", [LabeledKFold, LabeledShuffleSplit])
def test_numeric_is_checked(splitter):
    with pytest.raises(ValueError, match="'numeric' parameter"):
        splitter(3, numeric="yes")


@pytest.mark.parametrize("cv", SPLITTERS)
@pytest.mark.parametrize("scoring", [None, labeled_scorer("neg_mean_squared_error")])
def test_regressors_can_be_cross_validated(data, cv, scoring):
    scores = cross_val_score(ReVAERegressor(**QUICK), *data, cv=cv, scoring=scoring)
    assert np.isfinite(scores).all()


def test_grid_search_chooses_the_better_regressor(data):
    X, y = data
    search = GridSearchCV(
        LabeledOnly(LinearRegression()),
        {"estimator__fit_intercept": [True, False]},
        cv=SPLITTERS[1],
        scoring=labeled_scorer("r2"),
    )
    X, y = X, y + 100
    assert search.fit(X, y).best_params_ == {"estimator__fit_intercept": True}


def test_the_score_is_that_of_the_labelled_samples(data):
    X, y = data
    seen = ~np.isnan(y)
    model = LabeledOnly(LinearRegression()).fit(X, y)
    expected = r2_score(y[seen], model.predict(X[seen]))
    assert labeled_scorer("r2")(model, X, y) == pytest.approx(expected)
    assert model.score(X, y) == pytest.approx(expected)


def test_the_score_of_several_targets_is_their_mean(data):
    X, y = data
    both = np.column_stack([y, X[:, 0]])
    model = MultiOutputRegressor(LabeledOnly(LinearRegression()))
    model = LabeledOnly(model).fit(X, both)
    seen = ~np.isnan(y)
    predicted = model.predict(X)
    expected = [r2_score(y[seen], predicted[seen, 0]), r2_score(X[:, 0], predicted[:, 1])]
    assert labeled_scorer("r2")(model, X, both) == pytest.approx(np.mean(expected))


def test_a_supervised_step_sees_labelled_samples_only(data):
    X, y = data
    transformer = ReVAETransformer(**QUICK)
    pipeline = make_pipeline(transformer, LabeledOnly(LinearRegression()))
    assert pipeline.fit(X, y.astype(object)).predict(X).shape == (30,)


@pytest.mark.parametrize("dtype", [float, int])
def test_unlabelled_samples_are_added_to_each_fit(data, dtype):
    X, y = data
    seen = ~np.isnan(y)

    class Counter(LinearRegression):
        def fit(self, X, y):
            self.n_unlabeled_ = np.isnan(np.asarray(y, dtype=float)).sum()
            return self

    model = WithUnlabeled(Counter(), X[~seen]).fit(X[seen], y[seen].astype(dtype))
    assert model.estimator_.n_unlabeled_ == 20
    bagged = BaggingRegressor(WithUnlabeled(ReVAERegressor(**QUICK), X[~seen]), 2)
    assert np.isfinite(bagged.fit(X[seen], y[seen].astype(dtype)).predict(X)).all()


def test_gains_and_learning_curves(data):
    X, y = data
    gain = unlabeled_gain(ReVAERegressor(**QUICK), X, y, cv=2, random_state=0)
    assert np.isfinite(gain.gains).all()
    model = LabeledOnly(LinearRegression())
    sizes, _, scores = label_learning_curve(model, X, y, n_labels=[3, 5], cv=2)
    assert sizes.tolist() == [3, 5]
    assert np.isfinite(scores).all()
