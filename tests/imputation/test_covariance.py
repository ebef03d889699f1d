"""Columns with gaps: their covariance, and what is told of the unknown."""

import numpy as np
import pytest

from sklearn_revae._imputation.covariance import (
    covariance_left,
    covariance_with_gaps,
    weights_of_known,
)


def _draw(seed):
    """Rows, which values are known, and the covariance they are drawn from."""
    random = np.random.RandomState(seed)
    factors = random.standard_normal((3, 6))
    covariance = factors.T @ factors / 3 + 0.1 * np.eye(6)
    scale = np.sqrt(np.diag(covariance))
    covariance /= scale * scale[:, None]
    rows = random.multivariate_normal(np.zeros(6), covariance, 800)
    return rows, random.random_sample(rows.shape) > 0.4, covariance


@pytest.fixture
def columns():
    """One such draw."""
    return _draw(0)


def test_without_gaps_it_is_the_mean_of_the_squares(columns):
    rows, known, _ = columns
    found = covariance_with_gaps(rows, np.ones_like(known), 0.5)
    np.testing.assert_allclose(found, rows.T @ rows / len(rows) + 0.5 * np.eye(6))


def test_with_gaps_it_is_nearer_the_truth_than_pairs_of_columns():
    errors = []
    for seed in range(6):
        rows, known, covariance = _draw(seed)
        there = np.where(known, rows, 0.0)
        pairs = there.T @ there / (known.T.astype(float) @ known)
        found = covariance_with_gaps(there, known, 1e-6)
        errors.append([np.linalg.norm(c - covariance) for c in (found, pairs)])
    error, of_pairs = np.mean(errors, axis=0)
    assert error < 0.9 * of_pairs


def test_rows_taken_a_few_at_a_time_give_the_same(columns, monkeypatch):
    rows, known, _ = columns
    there = np.where(known, rows, 0.0)
    whole = covariance_with_gaps(there, known, 0.01)
    monkeypatch.setattr("sklearn_revae._imputation.covariance._CHUNK_CELLS", 100)
    np.testing.assert_allclose(covariance_with_gaps(there, known, 0.01), whole)


def test_a_column_without_spread_tells_nothing():
    rows = np.column_stack([np.zeros(50), np.random.RandomState(0).standard_normal(50)])
    known = np.arange(100).reshape(50, 2) % 3 > 0
    covariance = covariance_with_gaps(np.where(known, rows, 0.0), known, 0.1)
    assert 0.1 <= covariance[0, 0] < 0.2
    assert covariance[0, 1] == pytest.approx(0.0, abs=1e-9)


def test_what_is_known_tells_of_the_rest_as_gaussians_do(columns):
    rows, known, covariance = columns
    there = np.where(known, rows, 0.0)
    other = np.random.RandomState(1).standard_normal((4, 6))
    weights = weights_of_known(covariance, there, known)
    left = covariance_left(covariance, other, np.eye(4), known)
    for i in (0, 1, 2):
        seen = known[i]
        inverse = np.linalg.inv(covariance[np.ix_(seen, seen)])
        np.testing.assert_allclose(
            weights[i] @ other.T, other[:, seen] @ inverse @ rows[i, seen], rtol=1e-9
        )
        told = other[:, seen] @ inverse @ other[:, seen].T
        np.testing.assert_allclose(left[i], np.eye(4) - told, rtol=1e-9, atol=1e-12)


def test_rows_that_tell_nothing_or_are_not_there(columns):
    rows, known, covariance = columns
    nothing = np.zeros_like(known[:2])
    assert not weights_of_known(covariance, np.zeros((2, 6)), nothing).any()
    assert weights_of_known(covariance, rows[:0], known[:0]).shape == (0, 6)
