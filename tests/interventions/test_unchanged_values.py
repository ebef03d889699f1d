"""Values that an edit does not change are returned exactly, large integers too."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse
from sklearn.compose import make_column_transformer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from sklearn_revae._interventions.pipeline import intervene, swap

N_ROWS = 60


def _large_integers(seed):
    """Integers near 2**60. There, float64 represents only multiples of 256."""
    random = np.random.RandomState(seed)
    return 2**60 + random.randint(0, 2**50, N_ROWS)


@pytest.fixture(scope="module")
def y():
    return np.arange(N_ROWS) % 2


@pytest.fixture(scope="module")
def frame(y):
    random = np.random.RandomState(0)
    return pd.DataFrame(
        {
            "time": _large_integers(1),
            "unsigned": _large_integers(2).astype(np.uint64) * 8,
            "length": random.normal(size=N_ROWS) + y,
            "count": random.poisson(3.0, N_ROWS),
            "income": np.exp(random.normal(size=N_ROWS)),
            "word": np.array(["a", "b"])[y],
            "flag": random.random_sample(N_ROWS) < 0.5,
        },
        index=[f"row {i}" for i in range(N_ROWS)],
    )


def _nullable(frame):
    new = frame.astype({"time": "Int64", "count": "Int64", "length": "Float64"})
    new.loc["row 3", "time"] = pd.NA
    return new


def _polars(frame, missing):
    columns = {name: frame[name].tolist() for name in frame if name != "unsigned"}
    if missing:
        columns["time"][3] = None
    return pl.DataFrame(columns)


def _array(columns):
    return np.column_stack([_large_integers(seed) for seed in range(columns)])


CONTAINERS = {
    "array": lambda frame: _array(3),
    "list": lambda frame: _array(3).tolist(),
    "floats": lambda frame: frame[["length", "income"]].to_numpy(),
    "singles": lambda frame: frame[["length", "income"]].to_numpy().astype(np.float32),
    "objects": lambda frame: frame.astype(object).to_numpy(),
    "sparse": lambda frame: scipy.sparse.csr_matrix(_array(4) * (np.arange(4) % 2)),
    "pictures": lambda frame: _array(16).reshape(-1, 4, 4),
    "frame": lambda frame: frame,
    "nullable": _nullable,
    "polars": lambda frame: _polars(frame, missing=False),
    "polars with nulls": lambda frame: _polars(frame, missing=True),
}


@pytest.fixture(scope="module", params=CONTAINERS)
def fitted(request, frame, y, quick_classifier):
    X = CONTAINERS[request.param](frame)
    return quick_classifier(max_iter=1).fit(X, y), X


def _cells(X):
    """Columns of X as lists of Python's own numbers, which compare exactly."""
    if scipy.sparse.issparse(X):
        X = X.toarray()
    if isinstance(X, pd.DataFrame):
        return [[None if pd.isna(v) else v for v in X[name].tolist()] for name in X]
    if isinstance(X, pl.DataFrame):
        return [X[name].to_list() for name in X.columns]
    X = np.asarray(X)
    return X.reshape(len(X), -1).T.tolist()


def _assert_observed_values_are_equal(new, X):
    assert type(new) is (np.ndarray if isinstance(X, list) else type(X))
    for column, own in zip(_cells(new), _cells(X), strict=True):
        observed = [i for i, value in enumerate(own) if value is not None]
        assert [column[i] for i in observed] == [own[i] for i in observed]
        assert all(value is not None for value in column)


EDITS = {
    "intervene": lambda model, X: model.intervene(X, 1, strength=0.0),
    "intervene to the predicted class": lambda model, X: model.intervene(
        X, model.predict(X)
    ),
    "swap with itself": lambda model, X: model.swap(X, X),
    "impute": lambda model, X: model.impute(X),
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_values_come_back_exactly_without_an_edit(edit, fitted):
    model, X = fitted
    _assert_observed_values_are_equal(edit(model, X), X)


@pytest.mark.parametrize("method", ["intervene", "swap"])
def test_kept_columns_come_back_exactly_with_an_edit(method, frame, y, quick_classifier):
    model = quick_classifier(max_iter=1).fit(frame, y)
    argument = 1 if method == "intervene" else frame.iloc[::-1]
    new = getattr(model, method)(frame, argument, keep=["time", "unsigned"])
    assert new["time"].tolist() == frame["time"].tolist()
    assert new["unsigned"].tolist() == frame["unsigned"].tolist()


def test_values_out_of_the_range_seen_in_fit_are_kept(quick_classifier):
    random = np.random.RandomState(0)
    positive = np.exp(3 * random.normal(size=(60, 2)))
    bounded = random.random_sample((60, 1))
    X = np.column_stack([positive, bounded])
    model = quick_classifier(likelihood={2: "beta"}).fit(X, np.arange(60) % 2)
    assert list(model.column_kinds_.kinds) == ["positive", "positive", "bounded"]
    beyond = X * [100.0, 0.001, 1.5]
    edited = model.intervene(beyond, 1, strength=0.0)
    np.testing.assert_allclose(edited, beyond, rtol=1e-12)


@pytest.mark.parametrize("container", ["frame", "polars", "array", "objects"])
def test_kept_columns_come_back_exactly_in_draws(container, frame, y, quick_classifier):
    X = CONTAINERS[container](frame)
    model = quick_classifier(max_iter=1).fit(X, y)
    pipeline = make_pipeline(FunctionTransformer(), model)
    for draws in (
        model.intervene(X, 1, n_samples=2, keep=[0], random_state=0),
        intervene(pipeline, X, 1, n_samples=2, keep=[0], random_state=0),
    ):
        assert draws.shape[1] == 2
        assert draws[:, 1, 0].tolist() == _cells(X)[0]


def test_draws_are_floats_where_float64_represents_all_integers(
    frame, y, quick_classifier
):
    X = frame[["count", "length"]].assign(count=2**53 - frame["count"])
    draws = quick_classifier().fit(X, y).intervene(X, 1, n_samples=2, keep="count")
    assert draws.dtype == np.float64
    assert draws[:, 1, 0].tolist() == X["count"].tolist()


def test_imputed_draws_hold_observed_values_exactly(frame, y, quick_classifier):
    X = _nullable(frame)
    draws = quick_classifier(max_iter=1).fit(X, y).impute(X, n_samples=2)
    observed = X["time"].notna().to_numpy()
    assert draws[observed, 1, 0].tolist() == X["time"][observed].tolist()


# through a Pipeline


PIPELINE_EDITS = {
    "intervene": lambda pipeline, X: intervene(pipeline, X, 1, strength=0.0),
    "swap": lambda pipeline, X: swap(pipeline, X, X),
}


@pytest.mark.parametrize("edit", PIPELINE_EDITS.values(), ids=PIPELINE_EDITS)
@pytest.mark.parametrize("container", ["frame", "polars"])
def test_columns_that_the_steps_restore_come_back_exactly(
    container, edit, frame, y, quick_classifier
):
    X = CONTAINERS[container](frame)
    scaled = make_column_transformer(
        (StandardScaler(), ["length", "income"]), remainder="passthrough"
    )
    pipeline = make_pipeline(scaled, quick_classifier(max_iter=1)).fit(X, y)
    new = edit(pipeline, X)
    for name in ("time", "count", "word", "flag"):
        assert list(new[name]) == list(X[name])
    np.testing.assert_allclose(new["length"], X["length"], rtol=1e-12)


@pytest.mark.parametrize("edit", PIPELINE_EDITS.values(), ids=PIPELINE_EDITS)
@pytest.mark.parametrize("container", ["array", "sparse"])
def test_numbers_that_the_steps_restore_come_back_exactly(
    container, edit, frame, y, quick_classifier
):
    X = CONTAINERS[container](frame)
    step = FunctionTransformer(accept_sparse=True)
    pipeline = make_pipeline(step, quick_classifier(max_iter=1)).fit(X, y)
    _assert_observed_values_are_equal(edit(pipeline, X), X)


def test_draws_in_a_report_are_read_with_exact_kept_columns(frame, y, quick_classifier):
    read = []

    def note(X):
        read.append(X["time"].tolist())
        return X

    X = frame[["time", "length"]]
    model = quick_classifier(max_iter=1)
    pipeline = make_pipeline(FunctionTransformer(note, lambda X: X), model).fit(X, y)
    intervene(pipeline, X, 1, n_samples=2, keep="time", report=True, random_state=0)
    assert read[-1] == X["time"].repeat(2).tolist()
