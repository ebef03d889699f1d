"""Rows with holes: trained on, predicted for, and filled."""

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_breast_cancer
from sklearn.experimental import enable_iterative_imputer  # noqa: F401
from sklearn.impute import IterativeImputer

from sklearn_revae import ReVAEClassifier, ReVAETransformer


def holes(shape, share, seed=0):
    return np.random.RandomState(seed).random_sample(shape) < share


@pytest.fixture(scope="module")
def holed():
    X, y = load_breast_cancer(return_X_y=True)
    X = X[:200].copy()
    X[holes(X.shape, 0.5)] = np.nan
    # A row of nothing else is allowed too.
    X[7] = np.nan
    return X, y[:200]


@pytest.fixture(scope="module")
def model(holed):
    return ReVAEClassifier((32,), max_iter=60, random_state=0).fit(*holed)


@pytest.mark.parametrize(
    "method",
    ["predict_proba", "transform", "reconstruct", "score_samples", "impute"],
)
def test_half_of_the_cells_missing_gives_no_nan(method, model, holed):
    X, _ = holed
    assert np.isfinite(getattr(model, method)(X)).all()


@pytest.mark.parametrize("n_samples", [None, 2])
def test_rows_with_holes_can_be_changed(n_samples, model, holed):
    X, _ = holed
    new = model.intervene(X, 1, n_samples=n_samples, random_state=0)
    assert np.isfinite(new).all()


def test_history_and_weights_hold_no_nan(model):
    assert all(np.isfinite(list(epoch.values())).all() for epoch in model.history_)
    assert all(np.isfinite(p.detach()).all() for p in model.module_.parameters())


def test_learns_with_half_of_the_cells_missing(model, holed):
    X, y = load_breast_cancer(return_X_y=True)
    assert model.score(X[200:], y[200:]) > 0.85


def test_impute_leaves_what_is_there(model, holed):
    X, _ = holed
    there = ~np.isnan(X)
    filled = model.impute(X)
    np.testing.assert_array_equal(filled[there], X[there])


def test_impute_is_better_than_the_mean(model, holed):
    X, _ = holed
    whole = load_breast_cancer().data[:200]
    missing = np.isnan(X)
    scale = whole.std(axis=0)
    error = ((model.impute(X) - whole) / scale)[missing]
    of_mean = ((np.nanmean(X, axis=0) - whole) / scale)[missing]
    assert np.square(error).mean() < 0.5 * np.square(of_mean).mean()


def test_a_brief_model_fills_gaps_better_than_linear_regressions():
    whole = load_breast_cancer().data
    whole = (whole - whole.mean(axis=0)) / whole.std(axis=0)
    missing = holes(whole.shape, 0.3)
    X = np.where(missing, np.nan, whole)
    model = ReVAETransformer(
        (128,), learning_rate_init=0.01, max_iter=3, random_state=0
    ).fit(X)
    imputer = IterativeImputer(max_iter=20, tol=0.01, random_state=0)
    of_model, of_regressions = (
        np.sqrt(np.mean(np.square((filled - whole)[missing])))
        for filled in (model.impute(X), imputer.fit_transform(X))
    )
    assert of_model < of_regressions


def test_draws_differ_where_values_are_missing_and_there_alone(model, holed):
    X, _ = holed
    draws = model.impute(X, n_samples=5, random_state=0)
    assert draws.shape == (200, 5, 30)
    missing = np.isnan(X)
    spread = np.ptp(draws, axis=1)
    # Of positive columns nothing is drawn beyond the largest value that fit has seen.
    largest = (draws == np.nanmax(X, axis=0)).all(axis=1)
    assert largest[missing].mean() < 0.01
    assert (spread[missing & ~largest] > 0).all()
    assert (spread[~missing] == 0).all()
    np.testing.assert_array_equal(draws, model.impute(X, n_samples=5, random_state=0))


def test_draws_spread_as_errors_do(model, holed):
    X, _ = holed
    whole = load_breast_cancer().data[:200]
    missing = np.isnan(X)
    draws = model.impute(X, n_samples=100, random_state=0)
    low, high = np.quantile(draws, [0.05, 0.95], axis=1)
    covered = ((whole >= low) & (whole <= high))[missing]
    assert 0.75 < covered.mean() < 0.98


def test_a_frame_keeps_its_holes_where_they_are_kept(model, holed):
    X = pd.DataFrame(holed[0], columns=[f"c{j}" for j in range(30)])
    fitted = ReVAEClassifier((8,), max_iter=3, random_state=0).fit(X, holed[1])
    new = fitted.intervene(X, 1, keep=["c3"])
    pd.testing.assert_series_equal(new["c3"], X["c3"])
    assert not new.drop(columns="c3").isna().any().any()


def test_rows_with_holes_are_taken_by_a_model_of_whole_ones(blobs, blobs_model):
    X = blobs[0].copy()
    X[holes(X.shape, 0.3)] = np.nan
    assert np.isfinite(blobs_model.predict_proba(X)).all()
    assert np.isfinite(blobs_model.impute(X)).all()


def test_impute_of_whole_rows_gives_them_back(blobs, blobs_model):
    np.testing.assert_array_equal(blobs_model.impute(blobs[0]), blobs[0])


def test_a_column_without_any_value_raises_by_name(blobs):
    X = pd.DataFrame(blobs[0], columns=["a", "b", "c", "d"])
    X["c"] = np.nan
    with pytest.raises(ValueError, match="Column 'c' of X has only missing values"):
        ReVAETransformer().fit(X)


def test_missing_at_use_of_whole_numbers_makes_floats(quick_transformer):
    X = np.random.RandomState(0).randint(50, 90, (60, 3))
    model = quick_transformer().fit(X)
    assert model.impute(X).dtype == X.dtype
