"""Missing values in training, in prediction and in imputation."""

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_breast_cancer
from sklearn.experimental import enable_iterative_imputer  # noqa: F401
from sklearn.impute import IterativeImputer

from sklearn_revae import ReVAEClassifier, ReVAETransformer


def missing_mask(shape, fraction, seed=0):
    return np.random.RandomState(seed).random_sample(shape) < fraction


@pytest.fixture(scope="module")
def incomplete():
    X, y = load_breast_cancer(return_X_y=True)
    X = X[:200].copy()
    X[missing_mask(X.shape, 0.5)] = np.nan
    # A row may have only missing values.
    X[7] = np.nan
    return X, y[:200]


@pytest.fixture(scope="module")
def model(incomplete):
    return ReVAEClassifier((32,), max_iter=30, random_state=0).fit(*incomplete)


@pytest.mark.parametrize(
    "method",
    ["predict_proba", "transform", "reconstruct", "score_samples", "impute"],
)
def test_methods_return_no_nan_if_half_of_the_values_are_missing(
    method, model, incomplete
):
    X, _ = incomplete
    assert np.isfinite(getattr(model, method)(X)).all()


@pytest.mark.parametrize("n_samples", [None, 2])
def test_incomplete_samples_can_be_edited(n_samples, model, incomplete):
    X, _ = incomplete
    new = model.intervene(X, 1, n_samples=n_samples, random_state=0)
    assert np.isfinite(new).all()


def test_history_and_weights_hold_no_nan(model):
    assert all(np.isfinite(list(epoch.values())).all() for epoch in model.history_)
    assert all(np.isfinite(p.detach()).all() for p in model.module_.parameters())


def test_a_classifier_learns_from_half_of_the_values(model, incomplete):
    X, y = load_breast_cancer(return_X_y=True)
    assert model.score(X[200:], y[200:]) > 0.85


def test_impute_keeps_observed_values(model, incomplete):
    X, _ = incomplete
    observed = ~np.isnan(X)
    imputed = model.impute(X)
    np.testing.assert_array_equal(imputed[observed], X[observed])


def test_impute_is_better_than_the_mean(model, incomplete):
    X, _ = incomplete
    complete = load_breast_cancer().data[:200]
    missing = np.isnan(X)
    scale = complete.std(axis=0)
    error = ((model.impute(X) - complete) / scale)[missing]
    of_mean = ((np.nanmean(X, axis=0) - complete) / scale)[missing]
    assert np.square(error).mean() < 0.5 * np.square(of_mean).mean()


def test_a_model_of_three_epochs_imputes_better_than_linear_regressions():
    complete = load_breast_cancer().data
    complete = (complete - complete.mean(axis=0)) / complete.std(axis=0)
    missing = missing_mask(complete.shape, 0.3)
    X = np.where(missing, np.nan, complete)
    model = ReVAETransformer(
        (128,), learning_rate_init=0.01, max_iter=3, random_state=0
    ).fit(X)
    imputer = IterativeImputer(max_iter=20, tol=0.01, random_state=0)
    error, of_regressions = (
        np.sqrt(np.mean(np.square((imputed - complete)[missing])))
        for imputed in (model.impute(X), imputer.fit_transform(X))
    )
    assert error < of_regressions


def test_draws_differ_only_where_values_are_missing(model, incomplete):
    X, _ = incomplete
    draws = model.impute(X, n_samples=5, random_state=0)
    assert draws.shape == (200, 5, 30)
    missing = np.isnan(X)
    spread = np.ptp(draws, axis=1)
    # Draws do not leave the range that fit has seen.
    ends = np.nanmin(X, axis=0), np.nanmax(X, axis=0)
    clipped = [np.isclose(draws, end, rtol=1e-5).all(axis=1) for end in ends]
    clipped = np.any(clipped, axis=0)
    assert clipped[missing].mean() < 0.02
    assert (spread[missing & ~clipped] > 0).all()
    assert (spread[~missing] == 0).all()
    np.testing.assert_array_equal(draws, model.impute(X, n_samples=5, random_state=0))


def test_draws_are_calibrated(model, incomplete):
    X, _ = incomplete
    complete = load_breast_cancer().data[:200]
    missing = np.isnan(X)
    draws = model.impute(X, n_samples=100, random_state=0)
    low, high = np.quantile(draws, [0.05, 0.95], axis=1)
    covered = ((complete >= low) & (complete <= high))[missing]
    assert 0.75 < covered.mean() < 0.98


@pytest.mark.parametrize("n_zeros", [6, 90])
def test_draws_of_a_skewed_column_have_its_zeros(n_zeros, quick_transformer):
    random = np.random.RandomState(0)
    z = random.normal(size=300)
    X = np.column_stack([z, 10 * np.exp(z), random.normal(size=300)])
    X[random.permutation(300)[:n_zeros], 1] = 0.0
    model = quick_transformer(max_iter=20).fit(X)
    hidden = X.copy()
    hidden[:, 1] = np.nan
    draws = model.impute(hidden, n_samples=10, random_state=0)[..., 1]
    expected = n_zeros / 300
    assert abs((draws == 0).mean() - expected) < 0.05
    drawn = model.sample(1000, random_state=0)[0][:, 1]
    assert abs((drawn == 0).mean() - expected) < 0.05
    assert 0.7 < np.median(draws[draws > 0]) / np.median(X[X[:, 1] > 0, 1]) < 1.4


def test_kept_columns_keep_their_missing_values(model, incomplete):
    X = pd.DataFrame(incomplete[0], columns=[f"c{j}" for j in range(30)])
    fitted = ReVAEClassifier((8,), max_iter=3, random_state=0).fit(X, incomplete[1])
    new = fitted.intervene(X, 1, keep=["c3"])
    pd.testing.assert_series_equal(new["c3"], X["c3"])
    assert not new.drop(columns="c3").isna().any().any()


def test_a_model_of_complete_samples_accepts_missing_values(blobs, blobs_model):
    X = blobs[0].copy()
    X[missing_mask(X.shape, 0.3)] = np.nan
    assert np.isfinite(blobs_model.predict_proba(X)).all()
    assert np.isfinite(blobs_model.impute(X)).all()


def test_impute_returns_complete_samples_unchanged(blobs, blobs_model):
    np.testing.assert_array_equal(blobs_model.impute(blobs[0]), blobs[0])


def test_a_column_without_any_value_raises_by_name(blobs):
    X = pd.DataFrame(blobs[0], columns=["a", "b", "c", "d"])
    X["c"] = np.nan
    with pytest.raises(ValueError, match="Column 'c' of X has only missing values"):
        ReVAETransformer().fit(X)


def test_impute_keeps_the_dtype_of_integers(quick_transformer):
    X = np.random.RandomState(0).randint(50, 90, (60, 3))
    model = quick_transformer().fit(X)
    assert model.impute(X).dtype == X.dtype
