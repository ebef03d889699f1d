"""AnnData as X, which is recognised without importing anndata."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse


class _Annotated:
    """What the estimators use of an AnnData object, in a class of the same module."""

    def __init__(self, X):
        self.X, self.shape = X, np.shape(X)
        self.var_names = pd.Index([f"gene{j}" for j in range(6)])

    def __getitem__(self, rows):
        return _Annotated(None if self.X is None else self.X[rows])


_Annotated.__module__ = "anndata._core.anndata"


class _View(scipy.sparse.csr_matrix):
    """A view's matrix has a class of its own."""


@pytest.fixture(scope="module")
def counts():
    """Counts with many zeros of two kinds of cells, and the kinds."""
    random = np.random.default_rng(0)
    kinds = np.resize([0, 1, -1], 90)
    means = np.where(np.arange(6) % 2 == (np.arange(90) % 3 == 1)[:, None], 3.0, 0.2)
    y = pd.Series(kinds, index=[f"cell{i}" for i in range(90)])
    return random.poisson(means * random.gamma(2, 0.5, means.shape)), y


def _annotated(kind, counts):
    if kind == "anndata":
        anndata = pytest.importorskip("anndata", reason="requires pip install anndata")
        return anndata.AnnData(scipy.sparse.csr_matrix(counts))
    return _Annotated(scipy.sparse.csr_matrix(counts))


@pytest.mark.parametrize("kind", ["imitation", "anndata"])
def test_results_are_those_of_the_matrix(kind, counts, quick_classifier):
    X, y = counts
    cells = _annotated(kind, X)
    model = quick_classifier(max_iter=20).fit(cells, y)
    matrix = quick_classifier(max_iter=20).fit(cells.X, y)
    assert model.column_kinds_[0] == "count"
    assert model.score(cells, y) == matrix.score(cells.X, y) > 0.8
    for method in ("predict_proba", "transform", "score_samples"):
        expected = getattr(matrix, method)(cells.X)
        np.testing.assert_array_equal(getattr(model, method)(cells), expected)
    for edited in (model.reconstruct(cells), model.intervene(cells[:4], 1)):
        assert type(edited) is scipy.sparse.csr_matrix


def test_log_normalised_values_in_a_dense_array(counts, quick_classifier):
    X, y = counts
    logs = np.log1p(X / np.maximum(X.sum(axis=1, keepdims=True), 1) * 1e4)
    model = quick_classifier(max_iter=20).fit(_Annotated(logs), y)
    assert set(model.column_kinds_) == {"zero_inflated"}
    assert model.score(_Annotated(logs), y) > 0.8
    assert type(model.reconstruct(_Annotated(logs))) is np.ndarray


def test_the_matrix_of_a_view_is_that_of_scipy(counts, quick_classifier):
    X, y = counts
    model = quick_classifier().fit(_Annotated(_View(X)), y)
    assert type(model.reconstruct(_Annotated(_View(X)))) is scipy.sparse.csr_matrix


def test_an_object_without_a_matrix_in_memory_is_refused(quick_classifier):
    with pytest.raises(ValueError, match=r"is None\. Pass one of its layers"):
        quick_classifier().fit(_Annotated(None), [0, 1])
    with pytest.raises(ValueError, match=r"stored on disk.*adata.to_memory\(\)"):
        quick_classifier().fit(_Annotated(object()), [0, 1])
