"""Columns that declare their categories: intervals, times, numbers and others."""

import datetime
import enum

import numpy as np
import pandas as pd
import polars as pl
import pytest

pytestmark = pytest.mark.usefixtures("few_draws")

SIZES = np.random.RandomState(0).normal(size=60)
LABELS = (SIZES > 0).astype(int)
DAYS = pd.DatetimeIndex(["2000-01-30", "2000-01-31", "2000-02-01"])


class Colour(enum.Enum):
    """Values that can be hashed, but not compared."""

    RED = 1
    GREEN = 2


def _codes(categories):
    return np.arange(60) % len(categories)


def _categorical(categories, ordered):
    categories = pd.Index(categories, tupleize_cols=False)
    return pd.Categorical.from_codes(_codes(categories), categories, ordered=ordered)


COLUMNS = {
    "equal widths": pd.cut(SIZES, 4),
    "equal counts": pd.qcut(SIZES, 3),
    "cut without an order": pd.Categorical(pd.cut(SIZES, 4), ordered=False),
    "cut at given edges": pd.cut(SIZES, [-np.inf, -0.5, 0.5, np.inf], right=False),
    "cut with labels": pd.cut(SIZES, 3, labels=["low", "mid", "high"]),
    "timestamps": _categorical(DAYS, True),
    "timestamps without an order": _categorical(DAYS, False),
    "timestamps of a zone": _categorical(DAYS.tz_localize("Europe/Berlin"), True),
    "months": _categorical(pd.period_range("2000-01", periods=3, freq="M"), True),
    "dates": _categorical([datetime.date(2000, 1, 1), datetime.date(1999, 1, 1)], False),
    "integers": _categorical([3, 1, 2**60, 2**60 + 1], True),
    "floats": _categorical([0.5, -1.5], True),
    "bools": _categorical([True, False], True),
    "tuples": _categorical([("a", 1), ("a", 2), ("b", 1)], False),
    "an enum": _categorical(list(Colour), False),
}


def known(column):
    return set(column.dropna())


@pytest.mark.parametrize("name", COLUMNS)
def test_edits_imputation_and_draws_have_the_categories_of_the_column(
    name, quick_classifier
):
    X = pd.DataFrame({"size": SIZES, "group": COLUMNS[name]})
    model = quick_classifier().fit(X, LABELS)
    kind = "ordinal" if X["group"].dtype.ordered else "categorical"
    assert model.column_kinds_["group"] == kind
    assert model.column_kinds_.levels == [0, X["group"].nunique()]
    masked = X.assign(group=X["group"].mask(np.arange(60) % 3 == 0))
    for new in (
        model.intervene(X, 1 - LABELS),
        model.reconstruct(X),
        model.impute(masked),
        model.sample(20, random_state=0)[0],
    ):
        assert (new.dtypes == X.dtypes).all()
        assert known(new["group"]) <= known(X["group"])
        assert new["group"].notna().all()
    kept = model.intervene(X, 1 - LABELS, keep=["group"])
    assert (kept["group"] == X["group"]).all()
    observed = masked["group"].notna()
    assert (model.impute(masked)["group"] == X["group"])[observed].all()
    draws = model.intervene(X, 1 - LABELS, n_samples=2, random_state=0)
    assert set(draws[..., 1].ravel()) <= known(X["group"])
    decoded = model.inverse_transform(model.transform(X))
    assert set(decoded[:, 1]) <= known(X["group"])


def test_other_bins_than_in_fit_are_missing_with_a_warning(quick_classifier):
    X = pd.DataFrame({"size": SIZES, "group": pd.cut(SIZES, 4)})
    model = quick_classifier().fit(X, LABELS)
    other = X.assign(group=pd.cut(SIZES, [-9.0, 0.0, 9.0]))
    with pytest.warns(UserWarning, match=r"'group' of X .* not seen in fit .*-9\.0"):
        predicted = model.predict_proba(other)
    missing = X.assign(group=X["group"].mask(np.full(60, True)))
    np.testing.assert_array_equal(predicted, model.predict_proba(missing))


def test_an_unseen_member_of_an_enum_is_missing_with_a_warning(quick_classifier):
    X = pd.DataFrame({"size": SIZES, "colour": COLUMNS["an enum"]})
    red = X["colour"] == Colour.RED
    model = quick_classifier().fit(X[red], LABELS[red])
    with pytest.warns(UserWarning, match=r"'colour' of X .*not seen in fit .*GREEN"):
        model.predict(X)


@pytest.mark.parametrize("dtype", [pl.Enum(["low", "mid", "high"]), pl.Categorical])
def test_bins_of_polars_are_categories(dtype, quick_classifier):
    bins = np.array(["low", "mid", "high"])[np.digitize(SIZES, [-0.5, 0.5])]
    X = pl.DataFrame({"size": SIZES, "group": pl.Series(bins.tolist(), dtype=dtype)})
    model = quick_classifier().fit(X, LABELS)
    kind = "categorical" if dtype == pl.Categorical else "ordinal"
    assert model.column_kinds_["group"] == kind
    masked = X.with_columns(group=pl.when(pl.int_range(60) % 3 > 0).then(pl.col("group")))
    for new in (
        model.intervene(X, 1 - LABELS),
        model.reconstruct(X),
        model.impute(masked),
        model.sample(20, random_state=0)[0],
    ):
        assert new.schema == X.schema
        assert set(new["group"]) <= {"low", "mid", "high"}
