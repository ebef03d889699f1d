"""Kinds do not depend on the container, on rounding or on a scaler before the model."""

import numpy as np
import pytest
import scipy.sparse
from sklearn.base import BaseEstimator
from sklearn.datasets import load_breast_cancer, load_digits, load_wine
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from sklearn_revae._data.codec import Codec

RNG = np.random.RandomState(0)


def _words(n=300, n_words=200):
    """Counts of words in short documents: most words occur at most once in each."""
    rates = RNG.dirichlet(np.full(n_words, 0.3))
    return np.stack([RNG.multinomial(60, rates) for _ in range(n)])


def _fitted(X):
    codec = Codec()
    return codec.fit(codec.read(X, BaseEstimator()))


def _kinds(X):
    return _fitted(X).kinds_.tolist()


@pytest.mark.parametrize(
    "X",
    [
        load_digits().data,
        load_breast_cancer().data,
        load_wine().data,
        RNG.choice([2.0, 5.0, 1 / 3, 0.7], (200, 3)),
        np.column_stack([RNG.normal(size=(200, 3)), RNG.choice([0.1, 0.7], 200)]),
    ],
    ids=["digits", "breast_cancer", "wine", "four values", "two values"],
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_rounding_error_of_a_scaler_does_not_matter(X, dtype):
    X = X.astype(dtype)
    exact = MinMaxScaler(clip=True).fit_transform(X)
    assert _kinds(MinMaxScaler().fit_transform(X)) == _kinds(exact)
    above = np.where(exact == 1, np.nextafter(dtype(1), dtype(2)), exact)
    assert _kinds(above) == _kinds(exact)


@pytest.mark.parametrize(
    ("X", "kind"),
    [
        (load_digits().data, "pixel"),
        (load_digits().data / 16, "pixel"),
        (_words(), "count"),
        (RNG.poisson(2.0, (300, 20)), "count"),
        (TfidfTransformer().fit_transform(_words()).toarray(), "zero_inflated"),
        (RNG.binomial(2, 0.3, (100, 30)), "count"),
        ((RNG.rand(100, 30) < 0.2).astype(float), "binary"),
    ],
    ids=["digits", "fractions", "words", "Poisson", "TF-IDF", "genotypes", "binary"],
)
def test_sparse_and_dense_matrices_have_the_same_kinds(X, kind):
    kinds = _kinds(X)
    assert kinds.count(kind) > 0.8 * len(kinds)
    assert _kinds(scipy.sparse.csr_matrix(X)) == kinds


def test_words_that_occur_at_most_once_are_counts_too():
    words = _words()
    highest = words.max(axis=0)
    assert np.mean(highest <= 1) > 0.4
    assert set(_kinds(words)) == {"count"}


def test_indicators_beside_a_few_counts_stay_binary():
    one_hot = np.eye(60)[RNG.randint(60, size=500)]
    X = np.column_stack([one_hot, RNG.poisson(1.0, (500, 2))])
    assert _kinds(X) == ["binary"] * 60 + ["count"] * 2


def test_numbers_with_many_zeros_are_a_kind_of_their_own():
    rain = np.where(RNG.rand(300) < 0.7, 0.0, RNG.gamma(2.0, 3.0, 300))
    codec = _fitted(np.column_stack([rain, RNG.normal(size=300)]))
    assert codec.kinds_.tolist() == ["zero_inflated", "real"]
    assert codec.families_.tolist() == ["gaussian"] * 2
    decoded = codec.scaling_.inverse_transform(np.full((1, 2), -2.0))
    assert decoded[0, 0] == 0.0


def test_log_normalised_counts_have_about_unit_variance():
    counts = RNG.negative_binomial(0.3, 0.2, (400, 100))
    size = counts.sum(axis=1, keepdims=True)
    X = scipy.sparse.csr_matrix(np.log1p(counts / size * 1e4))
    codec = _fitted(X)
    assert set(codec.kinds_) == {"zero_inflated"}
    assert (np.abs(codec.scaling_.transform(X).std(axis=0) - 1) < 0.4).all()


def test_a_table_with_columns_of_one_range_is_not_a_picture():
    scaled = MinMaxScaler().fit_transform(load_breast_cancer().data)
    assert "pixel" not in _kinds(scaled)


def test_standardised_pixels_have_about_unit_variance():
    # Nothing distinguishes them from a table, so each is scaled by itself; those that
    # hardly vary must not be scaled by a vanishing spread.
    X = StandardScaler().fit_transform(load_digits().data)
    scaled = _fitted(X).scaling_.transform(X)
    varying = X.std(axis=0) > 0
    assert (scaled.std(axis=0)[varying] < 1.6).all()
