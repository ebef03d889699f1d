"""AnnData as X, which is recognised without importing anndata."""

import pickle

import numpy as np
import pandas as pd
import pytest
import scipy.sparse

from sklearn_revae import ReVAEClassifier
from sklearn_revae.persistence import load, save


class _Annotated:
    """What the estimators use of an AnnData object, in a class of the same module."""

    def __init__(self, X):
        self.X, self.shape = X, np.shape(X)
        self.var = pd.DataFrame({"length": 1}, [f"gene{j}" for j in range(6)])

    @property
    def var_names(self):
        return self.var.index

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
    model = quick_classifier(max_iter=8).fit(cells, y)
    matrix = quick_classifier(max_iter=8).fit(cells.X, y)
    assert model.column_kinds_[0] == "count"
    assert model.score(cells, y) == matrix.score(cells.X, y) > 0.8
    for method in ("predict_proba", "transform", "score_samples"):
        expected = getattr(matrix, method)(cells.X)
        np.testing.assert_array_equal(getattr(model, method)(cells), expected)
    for edited in (model.reconstruct(cells), model.intervene(cells[:4], 1)):
        assert type(edited) is scipy.sparse.csr_matrix


@pytest.fixture(scope="module")
def fitted(counts):
    X, y = counts
    model = ReVAEClassifier((8,), n_members=1, max_iter=2, random_state=0)
    return model.fit(_Annotated(scipy.sparse.csr_matrix(X)), y)


def renamed(X, names):
    cells = _Annotated(np.asarray(X))
    cells.var = cells.var.set_axis(names)
    return cells


def test_names_of_variables_are_those_of_the_features(fitted, tmp_path):
    names = [f"gene{j}" for j in range(6)]
    save(fitted, tmp_path / "model")
    for model in (
        fitted,
        pickle.loads(pickle.dumps(fitted)),
        load(tmp_path / "model"),
    ):
        assert model.feature_names_in_.tolist() == names
        assert model.column_kinds_["gene3"] == "count"


def test_features_are_kept_by_their_name(fitted, counts):
    cells = _Annotated(counts[0][:5].astype(float))
    edited = fitted.intervene(cells, 1, keep=["gene1", "gene4"])
    np.testing.assert_array_equal(edited[:, [1, 4]], cells.X[:, [1, 4]])


@pytest.mark.parametrize(
    "names",
    [
        [f"gene{j}" for j in (1, 0, 2, 3, 4, 5)],
        [f"gene{j}" for j in (0, 1, 2, 3, 4, 9)],
    ],
)
def test_other_names_are_refused_as_those_of_frames_are(fitted, counts, names):
    X = counts[0].astype(float)
    with pytest.raises(ValueError, match="The feature names should match") as of_frame:
        fitted.predict(pd.DataFrame(X, columns=names))
    with pytest.raises(ValueError) as of_cells:
        fitted.predict(renamed(X, names))
    assert str(of_cells.value) == str(of_frame.value)


def test_names_must_differ(counts, quick_classifier):
    cells = renamed(counts[0], ["a", "a", "b", "c", "d", "e"])
    with pytest.raises(ValueError, match=r"several columns named \['a'\]"):
        quick_classifier().fit(cells, counts[1])


def test_a_matrix_without_names_is_warned_of(fitted, counts):
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        fitted.predict(counts[0])


def test_log_normalised_values_in_a_dense_array(counts, quick_classifier):
    X, y = counts
    logs = np.log1p(X / np.maximum(X.sum(axis=1, keepdims=True), 1) * 1e4)
    model = quick_classifier(max_iter=8).fit(_Annotated(logs), y)
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
