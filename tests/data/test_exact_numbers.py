"""Numbers that float64 does not represent: they are neither changed nor merged."""

from decimal import Decimal
from fractions import Fraction

import h5py
import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse
from sklearn.base import BaseEstimator

from sklearn_revae._data.chunks import dense
from sklearn_revae._data.codec import Codec
from sklearn_revae._data.exact import large_columns

pytestmark = pytest.mark.usefixtures("few_draws")

BIG = 2**60
# As floats, all of these are equal.
IDENTIFIERS = [BIG + i for i in range(1, 41)]
SIZES = [i % 7 / 2 for i in range(40)]


def _column(cells):
    """A one-dimensional array of objects."""
    return np.fromiter(cells, dtype=object, count=len(cells))


def _with_missing(cells):
    return [None if i % 5 == 0 else cell for i, cell in enumerate(cells)]


def _pandas(cells, dtype):
    return pd.DataFrame({"key": pd.Series(cells, dtype=dtype), "size": SIZES})


def _polars(cells, dtype):
    return pl.DataFrame({"key": pl.Series(cells, dtype=dtype), "size": SIZES})


UNSIGNED = [2**63 + key for key in IDENTIFIERS]
DECIMALS = [Decimal(key) / 100 for key in IDENTIFIERS]
WITHOUT_MISSING = {
    "int64": np.column_stack([IDENTIFIERS, range(40)]),
    "uint64": np.column_stack([np.array(UNSIGNED), np.arange(40, dtype=np.uint64)]),
    "list": [[key, i] for i, key in enumerate(IDENTIFIERS)],
    "sparse": scipy.sparse.csr_matrix(np.column_stack([IDENTIFIERS, range(40)])),
    "pandas int64": _pandas(IDENTIFIERS, "int64"),
    "pandas uint64": _pandas(UNSIGNED, "uint64"),
    "pandas sparse": _pandas(IDENTIFIERS, pd.SparseDtype("int64")),
    "polars Int64": _polars(IDENTIFIERS, pl.Int64),
}
WITH_MISSING = {
    "objects": np.column_stack([_column(_with_missing(IDENTIFIERS)), SIZES]),
    "objects beside strings": np.column_stack(
        [_column(_with_missing(IDENTIFIERS)), _column(["a", "b"] * 20)]
    ),
    "pandas Int64": _pandas(_with_missing(IDENTIFIERS), "Int64"),
    "pandas UInt64": _pandas(_with_missing(UNSIGNED), "UInt64"),
    "pandas objects": _pandas(_with_missing(IDENTIFIERS), object),
    "pandas Decimal": _pandas(_with_missing(DECIMALS), object),
    "pandas Fraction": _pandas([Fraction(key, 3) for key in IDENTIFIERS], object),
    "polars Int64": _polars(_with_missing(IDENTIFIERS), pl.Int64),
    "polars UInt64": _polars(_with_missing(UNSIGNED), pl.UInt64),
    "polars Int128": _polars(_with_missing([key * BIG for key in UNSIGNED]), pl.Int128),
    "polars Decimal": _polars(_with_missing(DECIMALS), pl.Decimal(38, 2)),
}
CONTAINERS = [
    *(pytest.param(X, id=name) for name, X in WITHOUT_MISSING.items()),
    *(pytest.param(X, id=f"{name}, some missing") for name, X in WITH_MISSING.items()),
]


def keys(X):
    """The first column of any container, a list; None where missing."""
    if isinstance(X, pd.DataFrame):
        return [None if cell is pd.NA else cell for cell in X["key"].tolist()]
    if isinstance(X, pl.DataFrame):
        return X["key"].to_list()
    X = X.toarray() if scipy.sparse.issparse(X) else X
    return [row[0] for row in (X.tolist() if isinstance(X, np.ndarray) else X)]


def same_keys(new, X):
    """Whether each key of `new` equals the one in X; None where X has none."""
    return [
        None if old is None else key == old
        for key, old in zip(keys(new), keys(X), strict=True)
    ]


@pytest.mark.parametrize("X", CONTAINERS)
def test_edits_that_move_nothing_and_imputation_leave_cells_identical(
    X, quick_classifier
):
    model = quick_classifier().fit(X, [0, 1] * 20)
    for new in (model.impute(X), model.intervene(X, 1, strength=0)):
        assert False not in same_keys(new, X)
        assert None not in keys(new)


@pytest.mark.parametrize("X", CONTAINERS)
def test_only_changed_cells_are_converted_back(X):
    codec, estimator = Codec(), BaseEstimator()
    own = codec.read(X, estimator)
    codec.fit(own)
    values = dense(own).astype(np.float64)
    changed = np.arange(40) % 3 == 0
    # Every float64 of this size is a whole number, and a small one fits any type.
    values[changed, 0] = 7.0
    values[np.isnan(values)] = 7.0
    new = codec.restore(values, X, own)
    for same, key, is_changed in zip(same_keys(new, X), keys(new), changed, strict=True):
        assert key == 7 if is_changed or same is None else same


@pytest.mark.parametrize("kept", [[0], [0, 1]])
def test_kept_columns_are_identical_whatever_their_new_values(kept):
    X = np.column_stack([IDENTIFIERS, range(40)])
    codec = Codec()
    own = codec.read(X, BaseEstimator())
    new = codec.fit(own).restore(
        np.zeros((40, 2)), X, own, np.tile(np.isin([0, 1], kept), (40, 1))
    )
    np.testing.assert_array_equal(new[:, kept], X[:, kept])
    assert (new[:, 1] == 0).all() == (1 not in kept)


@pytest.mark.parametrize("X", CONTAINERS)
def test_draws_leave_kept_and_observed_cells_identical(X, quick_classifier):
    model = quick_classifier().fit(X, [0, 1] * 20)
    own = keys(X)
    for draws in (
        model.impute(X, n_samples=2, random_state=0),
        model.intervene(X, 1, keep=[0], n_samples=2, random_state=0),
    ):
        assert isinstance(draws, np.ndarray)
        for cells, old in zip(draws[..., 0].tolist(), own, strict=True):
            assert all(old is None or cell == old for cell in cells)


def test_draws_of_large_numbers_that_float64_represents_are_floats(quick_classifier):
    X = np.column_stack([2**53 + 2 * np.arange(40), np.arange(40)])
    model = quick_classifier().fit(X, [0, 1] * 20)
    assert model.intervene(X, 1, keep=[0], n_samples=2).dtype == np.float64


LEVELS = [BIG + i % 4 for i in range(40)]
LEVELED = {
    "array": np.column_stack([LEVELS, range(40)]),
    "list": [[level, i] for i, level in enumerate(LEVELS)],
    "objects": np.column_stack([_column(LEVELS), SIZES]),
    "pandas": _pandas(LEVELS, "int64"),
    "pandas Int64": _pandas(_with_missing(LEVELS), "Int64"),
    "pandas uint64": _pandas([2**63 + level for level in LEVELS], "uint64"),
    "pandas Decimal": _pandas([Decimal(level) / 100 for level in LEVELS], object),
    "polars": _polars(LEVELS, pl.Int64),
    "polars UInt64": _polars([2**63 + level for level in LEVELS], pl.UInt64),
    "polars Int128": _polars([BIG * level for level in LEVELS], pl.Int128),
    "polars Decimal": _polars([Decimal(i) / 100 for i in LEVELS], pl.Decimal(38, 2)),
}


@pytest.mark.parametrize("likelihood", ["categorical", "ordinal"])
@pytest.mark.parametrize("X", LEVELED.values(), ids=LEVELED)
def test_levels_that_are_equal_as_floats_are_not_merged(X, likelihood, quick_transformer):
    model = quick_transformer(likelihood=[likelihood, "gaussian"]).fit(X)
    assert model.column_kinds_.levels == [4, 0]
    assert model.column_kinds_[0] == likelihood
    known = set(keys(X)) - {None}
    reconstructed, sampled = model.reconstruct(X), model.sample(20)[0]
    for new in (reconstructed, sampled):
        assert set(keys(new)) <= known
        # A list gives an array.
        assert type(new) is type(X) or isinstance(X, list)
    if isinstance(X, (pd.DataFrame, pl.DataFrame)):
        assert list(reconstructed.dtypes) == list(X.dtypes)
    else:
        assert reconstructed.dtype == np.asarray(X).dtype
    assert False not in same_keys(model.impute(X), X)


def test_levels_that_are_equal_as_floats_have_codes_of_their_own(quick_transformer):
    X = np.column_stack([LEVELS, np.zeros(40, dtype=int)])
    model = quick_transformer(likelihood=["categorical", "gaussian"]).fit(X)
    latents = model.transform(X)
    assert len(np.unique(latents.round(6), axis=0)) == 4
    with pytest.warns(UserWarning, match=f"not seen in fit .{BIG + 9}."):
        model.transform(X + np.array([9, 0]))
    # An array of floats cannot hold these levels, so it gives an array of objects.
    assert set(keys(model.reconstruct(X.astype(float)))) <= set(LEVELS)


def test_levels_that_float64_represents_stay_numbers(quick_transformer):
    # One column is too large for float64, but it is not the one with levels.
    X = np.column_stack([IDENTIFIERS, np.arange(40) % 3])
    model = quick_transformer(likelihood=["gaussian", "categorical"]).fit(X)
    assert model.column_kinds_.levels == [0, 3]
    assert model.reconstruct(X).dtype == X.dtype
    assert set(model.inverse_transform(model.transform(X))[:, 1]) <= {0.0, 1.0, 2.0}


def _hdf5(X, folder):
    return h5py.File(folder / "x.h5", "w").create_dataset("x", data=X)


@pytest.mark.parametrize("make", [_hdf5, lambda X, _: scipy.sparse.csr_matrix(X)])
def test_containers_that_would_merge_levels_are_refused(
    make, tmp_path, quick_transformer
):
    X = make(np.column_stack([LEVELS, range(40)]), tmp_path)
    with pytest.raises(ValueError, match=r"Column 0 of X has levels.*equal in float64"):
        quick_transformer(likelihood=["categorical", "gaussian"]).fit(X)


@pytest.mark.parametrize(
    ("dtype", "numbers", "large"),
    [
        ("i8", [[0, 2**53 - 1, 1 - 2**53]], []),
        ("i8", [[-(2**63), 2**53 + 1, 2**63 - 1]], [0, 1, 2]),
        ("u8", [[1, 2**64 - 1, 2**53 + 1]], [1, 2]),
        ("i4", [[-(2**31), 2**31 - 1, 0]], []),
        ("f8", [[np.nan, 1e300, -1e300]], [1, 2]),
    ],
)
def test_large_columns(dtype, numbers, large):
    assert large_columns(np.array(numbers, dtype=dtype)) == large
