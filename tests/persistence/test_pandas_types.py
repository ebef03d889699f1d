"""Names of columns and categories of every type that pandas has are stored in files."""

import datetime

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal, assert_index_equal

from sklearn_revae.persistence import ModelFileError, load, save

pytestmark = pytest.mark.usefixtures("few_draws")

DAYS = pd.DatetimeIndex(["2000-01-30", "2000-01-31", "2000-02-01"])
TIMES = pd.DatetimeIndex(["1969-12-31T23:59:59.999", "2000-01-01", "2200-02-03T04:05"])
FIXED = datetime.timezone(datetime.timedelta(hours=5, minutes=30))

NAMES = {
    "strings": pd.Index(["a", "b", "c"]),
    "string dtype": pd.Index(["a", "b", "c"], dtype="string"),
    "integers": pd.Index([2, 1, 0]),
    "range": pd.RangeIndex(3),
    "range with a step": pd.RangeIndex(4, -2, -2),
    "unsigned integers": pd.Index([2**63, 1, 0], dtype=np.uint64),
    "nullable integers": pd.Index([2**60 + 1, 1, 0], dtype="Int64"),
    "floats": pd.Index([0.5, -1e300, 2.0]),
    "timestamps": TIMES,
    "days": DAYS,
    "seconds": TIMES.as_unit("s"),
    "a time zone": TIMES.tz_localize("Europe/Berlin"),
    "UTC": TIMES.tz_localize("UTC"),
    "a fixed offset": TIMES.tz_localize(FIXED),
    "dates": pd.Index([datetime.date(2000, 1, day) for day in (3, 1, 2)]),
    "time spans": pd.to_timedelta([1, -2, 3], unit="ms"),
    "months": pd.period_range("1999-11", periods=3, freq="M"),
    "quarters": pd.period_range("1999Q4", periods=3, freq="Q-NOV"),
    "intervals": pd.interval_range(0, 3),
    "intervals of floats": pd.IntervalIndex.from_tuples(
        [(0.1, 0.2), (0.25, 1.0), (-np.inf, 0.0)], closed="both"
    ),
    "intervals of times": pd.interval_range(DAYS[0], periods=3),
    "intervals with zones": pd.interval_range(DAYS[0].tz_localize("UTC"), periods=3),
    "tuples": pd.Index([("a", 1), ("a", 2), ("b", 1)], tupleize_cols=False),
    "two levels": pd.MultiIndex.from_tuples(
        [("a", 1), ("a", 2), ("b", 1)], names=["letter", None]
    ),
    "levels of times": pd.MultiIndex.from_product(
        [["a"], DAYS], names=[DAYS[0], datetime.date(2000, 1, 1)]
    ),
    "categories": pd.CategoricalIndex(["b", "a", "c"], ["c", "b", "a"], ordered=True),
    "categories of times": pd.CategoricalIndex(DAYS[::-1]),
    "categories of intervals": pd.CategoricalIndex(pd.interval_range(0, 3)),
}


@pytest.fixture
def reload(tmp_path):
    """Function that saves a model and loads it again."""

    def saved_and_loaded(model):
        save(model, tmp_path / "model")
        return load(tmp_path / "model")

    return saved_and_loaded


@pytest.mark.parametrize("names", NAMES.values(), ids=NAMES)
def test_names_of_columns(names, quick_transformer, reload):
    X = pd.DataFrame(np.random.RandomState(0).normal(size=(20, 3)), columns=names)
    X.index.name = names[0]
    model = quick_transformer(max_iter=1, n_members=1).fit(X)
    loaded = reload(model)
    new = loaded.sample(4, random_state=0)[0]
    assert_index_equal(new.columns, names, exact=True)
    assert_frame_equal(new, model.sample(4, random_state=0)[0])
    assert_frame_equal(loaded.reconstruct(X), model.reconstruct(X))
    assert loaded.column_kinds_ == model.column_kinds_
    assert str(loaded.column_kinds_) == str(model.column_kinds_)


@pytest.mark.parametrize(
    "categories",
    [
        *(pytest.param(index, id=name) for name, index in NAMES.items()),
        pytest.param(pd.Index([True, False]), id="bools"),
        pytest.param(pd.Index([1, 2**60, 2**60 + 1]), id="large integers"),
        pytest.param(
            pd.Index([DAYS[0], DAYS[1].tz_localize("UTC")], dtype=object),
            id="times with and without a zone, which cannot be compared",
        ),
    ],
)
def test_categories(categories, quick_classifier, reload):
    if isinstance(categories, (pd.MultiIndex, pd.CategoricalIndex)):
        categories = pd.Index(list(categories), tupleize_cols=False)
    codes = np.arange(40) % len(categories)
    X = pd.DataFrame(
        {
            "group": pd.Categorical.from_codes(codes, categories),
            "grade": pd.Categorical.from_codes(codes, categories, ordered=True),
            "size": np.arange(40.0),
        }
    )
    model = quick_classifier(max_iter=1, n_members=1).fit(X, codes > 0)
    loaded = reload(model)
    masked = X.assign(**{name: X[name].mask(codes == 1) for name in ("group", "grade")})
    for one, other in [
        (model.sample(9, random_state=0)[0], loaded.sample(9, random_state=0)[0]),
        (model.reconstruct(X), loaded.reconstruct(X)),
        (model.impute(masked), loaded.impute(masked)),
        (model.intervene(X, True), loaded.intervene(X, True)),
    ]:
        assert_frame_equal(one, other)
        assert (other.dtypes == X.dtypes).all()
    draws = loaded.intervene(X, True, n_samples=2, random_state=0)
    assert set(draws[..., :2].ravel()) <= set(categories)


def test_parameters_may_name_columns_by_times(quick_transformer, reload):
    X = pd.DataFrame(np.random.RandomState(0).normal(size=(20, 3)), columns=DAYS)
    model = quick_transformer(likelihood={DAYS[1]: "laplace"}).fit(X)
    loaded = reload(model)
    assert loaded.likelihood == {DAYS[1]: "laplace"}
    assert loaded.likelihood_.tolist() == ["gaussian", "laplace", "gaussian"]


@pytest.mark.parametrize(
    "columns",
    [
        {"range": [0, 10**12, 1]},
        {"values": ["size"]},
        {"times": {"$array": {"dtype": "<M8[ns]", "values": []}}, "zone": "../etc"},
        {"ordinals": [1, 2, 3], "frequency": "none"},
        {"left": {"range": [0, 3, 1]}, "right": {"range": [0, 2, 1]}, "closed": "left"},
        {"codes": [0, 1, 2], "type": {"categories": {"range": [0, 10**12, 1]}}},
        {"levels": [{"values": ["a", "b", "c"], "type": {"name": "Sparse"}}]},
        {"unknown": 1},
    ],
)
def test_impossible_columns_are_refused(columns, read_parts, forge):
    state, tensors = read_parts()
    state["fitted"]["template"]["columns"] = columns
    with pytest.raises(ModelFileError):
        load(forge(state, tensors))
