"""Covariances and conditional means of columns with missing values."""

import numpy as np
import pytest

from sklearn_revae._imputation.covariance import (
    covariance_with_missing_values,
    regression_weights,
    residual_covariance,
)


def _draw(seed):
    """Rows, which of their values are observed, and the true covariance."""
    random = np.random.RandomState(seed)
    factors = random.standard_normal((3, 6))
    covariance = factors.T @ factors / 3 + 0.1 * np.eye(6)
    scale = np.sqrt(np.diag(covariance))
    covariance /= scale * scale[:, None]
    rows = random.multivariate_normal(np.zeros(6), covariance, 800)
    return rows, random.random_sample(rows.shape) > 0.4, covariance


@pytest.fixture
def columns():
    """Rows, which of their values are observed, and the true covariance."""
    return _draw(0)


def test_complete_rows_give_the_sample_covariance(columns):
    rows, observed, _ = columns
    found = covariance_with_missing_values(rows, np.ones_like(observed), 0.5)
    np.testing.assert_allclose(found, rows.T @ rows / len(rows) + 0.5 * np.eye(6))


def test_it_is_closer_to_the_true_covariance_than_pairwise_covariances():
    errors = []
    for seed in range(6):
        rows, observed, covariance = _draw(seed)
        x = np.where(observed, rows, 0.0)
        pairs = x.T @ x / (observed.T.astype(float) @ observed)
        found = covariance_with_missing_values(x, observed, 1e-6)
        errors.append([np.linalg.norm(c - covariance) for c in (found, pairs)])
    error, pairwise = np.mean(errors, axis=0)
    assert error < 0.9 * pairwise


def test_chunks_of_rows_give_the_same_covariance(columns, monkeypatch):
    rows, observed, _ = columns
    x = np.where(observed, rows, 0.0)
    whole = covariance_with_missing_values(x, observed, 0.01)
    monkeypatch.setattr("sklearn_revae._imputation.covariance._CHUNK_CELLS", 100)
    np.testing.assert_allclose(covariance_with_missing_values(x, observed, 0.01), whole)


def test_a_constant_column_has_the_ridge_as_variance():
    rows = np.column_stack([np.zeros(50), np.random.RandomState(0).standard_normal(50)])
    observed = np.arange(100).reshape(50, 2) % 3 > 0
    covariance = covariance_with_missing_values(
        np.where(observed, rows, 0.0), observed, 0.1
    )
    assert 0.1 <= covariance[0, 0] < 0.2
    assert covariance[0, 1] == pytest.approx(0.0, abs=1e-9)


def test_means_and_covariances_are_conditional_gaussian_ones(columns):
    rows, observed, covariance = columns
    x = np.where(observed, rows, 0.0)
    other = np.random.RandomState(1).standard_normal((4, 6))
    weights = regression_weights(covariance, x, observed)
    remaining = residual_covariance(covariance, other, np.eye(4), observed)
    for i in (0, 1, 2):
        seen = observed[i]
        inverse = np.linalg.inv(covariance[np.ix_(seen, seen)])
        np.testing.assert_allclose(
            weights[i] @ other.T, other[:, seen] @ inverse @ rows[i, seen], rtol=1e-9
        )
        explained = other[:, seen] @ inverse @ other[:, seen].T
        np.testing.assert_allclose(
            remaining[i], np.eye(4) - explained, rtol=1e-9, atol=1e-12
        )


def test_rows_without_observed_values_and_no_rows_at_all(columns):
    rows, observed, covariance = columns
    missing = np.zeros_like(observed[:2])
    assert not regression_weights(covariance, np.zeros((2, 6)), missing).any()
    assert regression_weights(covariance, rows[:0], observed[:0]).shape == (0, 6)
