"""Dask arrays and frames as X: results are Dask arrays, computed block by block."""

import pickle
import warnings

import cloudpickle
import dask
import dask.array as da
import numpy as np
import pandas as pd
import pytest
import scipy.sparse
from sklearn.exceptions import NotFittedError

from sklearn_revae import ReVAEClassifier, ReVAERegressor

METHODS = (
    "predict",
    "predict_proba",
    "predict_log_proba",
    "predict_disagreement",
    "transform",
    "score_samples",
)


@pytest.fixture(scope="module")
def fitted(few_blobs, quick_classifier):
    """A classifier of one label."""
    return quick_classifier().fit(*few_blobs)


@pytest.fixture
def X(blobs):
    """Sixty samples in blocks of unequal length, whose columns are split as well."""
    return da.from_array(blobs[0], chunks=((25, 30, 5), (3, 1)))


@pytest.fixture
def frames():
    """The module dask.dataframe, which requires pyarrow."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip("dask.dataframe", exc_type=ImportError)


@pytest.mark.parametrize("method", METHODS)
def test_results_are_computed_block_by_block(method, fitted, X):
    lazy, expected = (getattr(fitted, method)(rows) for rows in (X, X.compute()))
    assert isinstance(lazy, da.Array)
    assert lazy.chunks[0] == X.chunks[0]
    assert (lazy.shape, lazy.dtype) == (expected.shape, expected.dtype)
    computed = lazy.compute(scheduler="synchronous")
    assert computed.dtype == expected.dtype
    np.testing.assert_allclose(computed, expected, rtol=1e-9)


def test_no_block_is_computed_before_it_is_needed(fitted, blobs):
    computed = []

    def note(block, block_info=None):
        if block_info:
            computed.append(block_info[0]["chunk-location"][0])
        return block

    X = da.from_array(blobs[0], chunks=(20, 4)).map_blocks(note, dtype=float)
    lazy = fitted.predict_proba(X)
    computed.clear()
    found = lazy[20:40].compute(scheduler="synchronous")
    assert computed == [1]
    np.testing.assert_allclose(found, fitted.predict_proba(blobs[0])[20:40])


def test_strings_and_a_pickled_graph(few_blobs, X, quick_classifier):
    names = np.array(["a", "b", "c", None], dtype=object)[few_blobs[1]]
    model = quick_classifier().fit(few_blobs[0], names)
    lazy = pickle.loads(cloudpickle.dumps(model.predict(X)))
    assert lazy.compute().tolist() == model.predict(few_blobs[0]).tolist()


def test_threads_compute_the_same_as_one(fitted, X):
    in_turn, at_once = (
        fitted.predict_proba(X).compute(scheduler=name)
        for name in ("synchronous", "threads")
    )
    np.testing.assert_array_equal(at_once, in_turn)


def test_several_labels_give_an_array_for_each(blobs, quick_classifier):
    X, y = blobs
    model = quick_classifier().fit(X, np.column_stack([y, y == 1]))
    lazy = model.predict_proba(da.from_array(X, chunks=(40, 4)))
    assert [p.shape for p in lazy] == [(60, 3), (60, 2)]
    for found, expected in zip(lazy, model.predict_proba(X), strict=True):
        np.testing.assert_allclose(found.compute(), expected)
    assert model.predict(da.from_array(X, chunks=(40, 4))).shape == (60, 2)


def test_a_regressor_gives_standard_deviations_too(blobs):
    X, y = blobs[0], blobs[0][:, 0]
    model = ReVAERegressor((8,), n_members=2, max_iter=2, random_state=0).fit(X, y)
    expected = model.predict(X, return_std=True)
    lazy = model.predict(da.from_array(X, chunks=(40, 4)), return_std=True)
    assert isinstance(lazy, tuple)
    for found, values in zip(lazy, expected, strict=True):
        np.testing.assert_allclose(found.compute(), values)


def test_novelty_scores(fitted, few_blobs, X):
    rows, y = few_blobs
    lazy, expected = (fitted.novelty_scores(x, rows[y >= 0]) for x in (X, rows))
    np.testing.assert_allclose(lazy.compute(), expected)


def test_blocks_of_images(quick_classifier):
    images = np.random.default_rng(0).random((30, 4, 4)).astype(np.float32)
    model = quick_classifier().fit(images, np.arange(30) % 2)
    lazy = model.transform(da.from_array(images, chunks=(12, 2, 4)))
    expected = model.transform(images)
    assert (lazy.dtype, lazy.shape) == (np.float32, expected.shape)
    np.testing.assert_allclose(lazy.compute(), expected, atol=1e-6)


def test_blocks_that_are_sparse(blobs, quick_classifier):
    X = scipy.sparse.csr_matrix(np.abs(np.rint(blobs[0])))
    model = quick_classifier().fit(X, blobs[1])
    meta = scipy.sparse.csr_matrix((0, 0))
    blocks = [
        da.from_delayed(dask.delayed(part), (30, 4), meta=meta)
        for part in (X[:30], X[30:])
    ]
    lazy = model.predict_proba(da.concatenate(blocks))
    np.testing.assert_allclose(lazy.compute(), model.predict_proba(X))


def test_blocks_of_unknown_length_may_be_empty(fitted, blobs):
    rows = blobs[0]
    X = da.from_array(rows, chunks=(20, 4))
    kept = X[X[:, 0] > np.sort(rows[:, 0])[-5]]
    found = fitted.predict_proba(kept).compute()
    expected = fitted.predict_proba(rows[rows[:, 0] > np.sort(rows[:, 0])[-5]])
    np.testing.assert_allclose(found, expected)
    with pytest.raises(ValueError, match=r"unknown shape .* compute_chunk_sizes"):
        ReVAEClassifier().fit(kept, [0, 1])


def test_another_fit_does_not_change_what_is_not_yet_computed(few_blobs, X, fitted):
    model = ReVAEClassifier((8,), n_members=1, max_iter=1, random_state=0)
    lazy = model.fit(*few_blobs).predict_proba(X)
    expected = model.predict_proba(few_blobs[0])
    model.set_params(random_state=1).fit(few_blobs[0] * 3, few_blobs[1])
    np.testing.assert_allclose(lazy.compute(), expected)


def test_errors_are_raised_at_once(fitted, X):
    with pytest.raises(ValueError, match="X has 3 features"):
        fitted.transform(X[:, :3])
    with pytest.raises(NotFittedError):
        ReVAEClassifier().predict(X)


def test_fit_and_edits_read_a_dask_array_in_chunks(
    few_blobs, X, fitted, quick_classifier
):
    model = quick_classifier().fit(X, few_blobs[1])
    from_blocks = model.predict_proba(few_blobs[0])
    np.testing.assert_allclose(from_blocks, fitted.predict_proba(few_blobs[0]), atol=1e-6)
    np.testing.assert_allclose(
        fitted.reconstruct(X), fitted.reconstruct(few_blobs[0]), rtol=1e-9
    )


def test_partitions_of_a_frame(frames, blobs, quick_classifier):
    table = pd.DataFrame(blobs[0], columns=list("abcd"))
    table["e"] = np.where(table["a"] > 0, "high", "low")
    model = quick_classifier().fit(table, blobs[1])
    X = frames.from_pandas(table, npartitions=3)
    for method in METHODS:
        lazy, expected = (getattr(model, method)(rows) for rows in (X, table))
        assert isinstance(lazy, da.Array)
        np.testing.assert_allclose(lazy.compute(), expected, rtol=1e-9)
    X["p"] = model.predict_proba(X)[:, 0]
    expected = model.predict_proba(table)[:, 0]
    np.testing.assert_allclose(X["p"].compute(), expected)
    # A partition without rows.
    few = model.predict(X[X["a"] > table["a"].max() - 1e-9][list("abcde")])
    assert few.compute().shape == (1,)


def test_a_frame_is_refused_where_all_rows_count(frames, blobs, quick_classifier):
    table = pd.DataFrame(blobs[0], columns=list("abcd"))
    X = frames.from_pandas(table, npartitions=2)
    with pytest.raises(TypeError, match=r"compute\(\) first"):
        quick_classifier().fit(X, blobs[1])
    model = quick_classifier().fit(table, blobs[1])
    with pytest.raises(TypeError, match=r"compute\(\) first"):
        model.intervene(X, 1)
    with pytest.raises(ValueError, match="feature names"):
        model.predict(X.rename(columns={"a": "z"}))
