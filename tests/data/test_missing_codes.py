"""Numbers such as 999999 that stand for missing values are recognised."""

import warnings

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
from sklearn import datasets
from sklearn.base import BaseEstimator

from sklearn_revae._data.codec import Codec
from sklearn_revae._data.missing_codes import looks_like_code

RNG = np.random.RandomState(0)


def _fitted(X, likelihood="auto"):
    codec = Codec(likelihood)
    return codec.fit(codec.read(X, BaseEstimator()))


def _with_code(code, dtype=np.float64, n=200):
    X = RNG.normal(50, 10, (n, 3)).astype(dtype)
    X[::20, 1] = code
    return X


@pytest.mark.parametrize(
    ("code", "dtype"),
    [
        (999999, np.float64),
        (-999, np.int64),
        (9999, np.uint16),
        (-1e30, np.float32),
        (-999.9, np.float32),
        (1e20, np.float64),
        (-1e30, np.float64),
    ],
)
def test_a_repeated_far_code_is_treated_as_missing_with_a_warning(code, dtype):
    X = _with_code(code, dtype)
    message = r"column 1 holds .* in 5 % of the samples.* treated as missing.*NaN"
    with pytest.warns(UserWarning, match=message):
        codec = _fitted(X)
    scaled = codec.scaling_.transform(X)
    assert np.isnan(scaled[::20, 1]).all()
    assert np.isnan(scaled).sum() == 10
    np.testing.assert_allclose(codec.missing_, [0, 0.05, 0])
    missing = np.where(X[0, 1] == X, np.nan, X.astype(float))
    np.testing.assert_allclose(codec.scaling_.scale_, _fitted(missing).scaling_.scale_)


def test_the_warning_names_columns_of_a_frame_once():
    X = pd.DataFrame({name: _with_code(-999)[:, 1] for name in "abcde"})
    with pytest.warns(UserWarning, match="look like codes") as caught:
        _fitted(X)
    assert len(caught) == 1
    assert "'a' holds -999 in 5 %" in str(caught[0].message)
    assert "2 more columns" in str(caught[0].message)
    assert caught[0].filename == __file__


@pytest.mark.filterwarnings("ignore:X holds numbers that look like codes")
def test_sparse_and_stored_codes_are_recognised():
    X = _with_code(9999)
    sparse = _fitted(scipy.sparse.csr_matrix(X))
    assert sparse.codes_ == _fitted(X).codes_ == {1: (9999.0,)}


@pytest.mark.parametrize(
    "codes",
    [(-999, 999), (-999, -998), (998, 999), (9997, 9998, 9999), (-9999, -999, 99999)],
)
def test_several_codes_of_a_column_are_all_missing(codes):
    X = _with_code(codes[0])
    for i, code in enumerate(codes):
        X[i::20, 1] = code
    written = " and ".join(map(str, sorted(codes)))
    with pytest.warns(UserWarning, match=f"column 1 holds {written} in "):
        codec = _fitted(X)
    assert codec.codes_ == {1: tuple(sorted(codes))}
    np.testing.assert_array_equal(
        np.isnan(codec.scaling_.transform(X)), np.isin(X, codes)
    )


def test_many_numbers_below_a_code_are_data():
    X = RNG.normal(2, 1, (200, 2))
    X[::4] = RNG.randint(990, 1000, (50, 2))
    X[0] = 999
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert _fitted(X).codes_ == {}


def test_a_likelihood_for_the_column_says_that_its_values_are_data():
    X = pd.DataFrame(_with_code(999999), columns=list("abc"))
    with pytest.warns(UserWarning, match=r"likelihood=\{'b': 'gaussian'\}"):
        _fitted(X)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        codec = _fitted(X, {"b": "gaussian"})
    assert codec.codes_ == {}
    assert codec.scaling_.seen_high_[1] == 999999


@pytest.mark.filterwarnings("ignore:X holds numbers that look like codes")
def test_reconstruct_and_impute_replace_codes(quick_transformer):
    X = _with_code(-999)
    model = quick_transformer().fit(X)
    kept = X != -999
    for filled in (model.impute(X), model.reconstruct(X)):
        assert filled.min() > -100
    np.testing.assert_array_equal(model.impute(X)[kept], X[kept])
    assert np.isfinite(model.score_samples(X)).all()


@pytest.mark.parametrize(
    "name", ["iris", "wine", "breast_cancer", "digits", "diabetes", "linnerud"]
)
def test_no_false_alarm_on_ordinary_data(name):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        _fitted(getattr(datasets, f"load_{name}")().data)


@pytest.mark.parametrize(
    "draw",
    [
        lambda n: RNG.standard_cauchy((n, 20)),
        lambda n: RNG.pareto(0.7, (n, 20)),
        lambda n: np.rint(RNG.lognormal(0, 2.5, (n, 20))),
        lambda n: np.round(RNG.lognormal(10, 1, (n, 20)), -3),
        lambda n: np.clip(RNG.lognormal(2, 3, (n, 20)), 0, 1000),
        lambda n: RNG.negative_binomial(0.1, 0.001, (n, 20)),
        lambda n: RNG.choice([0, 0, 0, 1, 100], (n, 20)),
        lambda n: RNG.choice([1990, 1999, 2000], (n, 20)),
        lambda n: RNG.choice([5.0, 999.0], (n, 20)),
    ],
    ids=[
        "Cauchy",
        "Pareto",
        "rounded",
        "income",
        "capped",
        "counts",
        "percent",
        "years",
        "two values",
    ],
)
def test_no_false_alarm_on_heavy_tails(draw):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for n in (50, 2000):
            _fitted(draw(n))


def test_a_single_far_value_is_no_code():
    X = RNG.normal(size=(300, 2))
    X[0] = 999999
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert _fitted(X).codes_ == {}


def test_levels_are_no_codes():
    X = RNG.choice([1.0, 2.0, 3.0], (200, 2))
    X[::20] = 999
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        codec = _fitted(X, "categorical")
    assert codec.levels_[0].n == 4


def test_what_looks_like_a_code():
    codes = [99, -999, 9999, 999999, -999.9, 1000, -1e30, np.float32(1e20), 9999999999]
    others = [0, 1, 9, 90, 100, 998, 1001, 123456, 0.99, 5e9, np.nan]
    assert looks_like_code(np.array(codes, dtype=float)).all()
    with np.errstate(all="ignore"):
        assert not looks_like_code(np.array(others)).any()
