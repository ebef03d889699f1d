"""With max_columns, few columns change, and all other values stay exactly as they are."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_breast_cancer
from sklearn.decomposition import PCA
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MinMaxScaler,
    OneHotEncoder,
    StandardScaler,
)

from sklearn_revae import ReVAEClassifier, intervene
from sklearn_revae._interventions.few_columns import _choose


@pytest.fixture(scope="module")
def cancer():
    X, y = load_breast_cancer(return_X_y=True)
    # Of the seeds 0 to 4, the one whose edits of six columns are recognised least often.
    return X, y, ReVAEClassifier(random_state=4).fit(X, y)


def test_six_columns_suffice_on_cancer(cancer):
    X, y, model = cancer
    judge = HistGradientBoostingClassifier(random_state=0).fit(X, y)
    rows = np.random.RandomState(0).choice(len(X), 160, replace=False)
    own, wanted = X[rows], 1 - y[rows]
    edited = model.intervene(own, wanted, max_columns=6)
    assert ((edited != own).sum(axis=1) <= 6).all()
    assert (judge.predict(edited) == wanted).mean() >= 0.8
    spread = X.std(axis=0)
    nearest = [
        np.sqrt(np.square((X[y == value] - row) / spread).sum(axis=1)).min()
        for row, value in zip(edited, wanted, strict=True)
    ]
    assert np.mean(nearest) <= 4.5


def test_columns_that_only_matter_together_are_chosen():
    def log_odds(rows, values):
        return 3 * values[:, 0] * values[:, 1] + values[:, 2]

    own, edited = np.zeros((2, 4)), np.ones((2, 4))
    order = np.tile([3, 2, 1, 0], (2, 1))
    usable = np.ones((2, 4), dtype=bool)
    usable[1, 2] = False
    chosen = _choose(log_odds, np.arange(2), own, edited, order, usable, 2)
    np.testing.assert_array_equal(chosen[0], [True, True, False, False])
    # Column 1 of the second sample may not change.
    np.testing.assert_array_equal(chosen[1], [False, False, True, True])


def test_edits_convince_an_independent_judge(cancer):
    X, y, model = cancer
    judge = HistGradientBoostingClassifier(random_state=0).fit(X, y)
    rows = np.random.RandomState(0).choice(len(X), 40, replace=False)
    own, wanted = X[rows], 1 - y[rows]
    edited = model.intervene(own, wanted)
    assert (judge.predict(edited) == wanted).mean() >= 0.97
    assert (np.abs(edited - own) / X.std(axis=0)).mean() <= 0.85


def test_the_columns_that_matter_are_chosen(quick_classifier):
    random = np.random.RandomState(0)
    y = np.arange(200) % 2
    X = random.standard_normal((200, 8))
    X[:, 3] += 6 * y
    model = quick_classifier(max_iter=8).fit(X, y)
    edited = model.intervene(X, 1 - y, max_columns=1)
    assert (edited != X).any(axis=0)[3]
    assert ((edited != X).sum(axis=1) <= 1).all()
    assert (edited != X)[:, 3].mean() > 0.95


def test_samples_that_have_the_value_already_stay_as_they_are(blobs_model, blobs):
    X = blobs[0]
    same = blobs_model.intervene(X, blobs_model.predict(X), max_columns=2)
    np.testing.assert_array_equal(same, X)


def test_kept_columns_and_limits_hold(blobs_model, blobs):
    X = blobs[0]
    low = X[:, 1].min()
    edited = blobs_model.intervene(
        X, 1, max_columns=2, keep=[0], bounds={1: (low, None)}, direction={2: 1}
    )
    np.testing.assert_array_equal(edited[:, 0], X[:, 0])
    assert (edited[:, 1] >= low).all()
    assert (edited[:, 2] >= X[:, 2]).all()
    assert ((edited != X).sum(axis=1) <= 2).all()


@pytest.mark.parametrize("steps", [(), (StandardScaler(),)])
def test_limits_are_those_of_the_columns_that_change(steps, quick_classifier, blobs):
    X, y = blobs
    high = np.median(X[:, :3])
    pipeline = make_pipeline(*steps, quick_classifier(max_iter=8)).fit(X, y)
    bounds = dict.fromkeys(range(3), (None, high))
    edited = intervene(pipeline, X, 1, max_columns=1, bounds=bounds)
    changed = edited != X
    assert (X[:, :3] > high).sum(axis=1).max() > 1
    assert changed.sum(axis=1).max() == 1
    assert (edited[:, :3][changed[:, :3]] <= high).all()


def test_categories_and_missing_values_of_other_columns_are_kept(quick_classifier):
    random = np.random.RandomState(0)
    y = np.arange(120) % 2
    table = pd.DataFrame(
        {
            "first": random.standard_normal(120) + 4 * y,
            "second": random.standard_normal(120),
            "town": random.choice(["a", "b"], 120),
        }
    )
    table.loc[::7, "second"] = np.nan
    model = quick_classifier(max_iter=10).fit(table, y)
    edited, report = model.intervene(table, 1 - y, max_columns=1, report=True)
    changed = (edited != table) & ~(edited.isna() & table.isna())
    assert (changed.sum(axis=1) <= 1).all()
    assert list(edited.dtypes) == list(table.dtypes)
    assert len(report) == 120
    np.testing.assert_array_equal(report.distance[~changed.any(axis=1)], 0.0)


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_missing_values_of_every_type_stay_missing(library, quick_classifier):
    random, n = np.random.RandomState(0), 90
    columns = {
        "Float64": random.standard_normal(n).tolist(),
        "Int64": random.randint(5, 9, n).tolist(),
        "Int8": random.randint(1, 100, n).tolist(),
        "UInt8": random.randint(1, 250, n).tolist(),
        "boolean": (random.random_sample(n) < 0.5).tolist(),
        "string": random.choice(["a", "b"], n).tolist(),
    }
    for start, cells in enumerate(columns.values()):
        cells[start::9] = [None] * 10
    if library == "pandas":
        X = pd.DataFrame({t: pd.array(cells, t) for t, cells in columns.items()})
    else:
        types = {"Int8": pl.Int8, "UInt8": pl.UInt8}
        X = pl.DataFrame(columns, schema_overrides=types)
    y = np.arange(n) % 2
    do = np.where(np.arange(n) < 60, 1 - y, -1)
    edited = quick_classifier(max_iter=5).fit(X, y).intervene(X, do, max_columns=2)
    assert list(edited.dtypes) == list(X.dtypes)
    before, after = (frame.to_numpy().astype(object) for frame in (X, edited))
    was_missing, is_missing = pd.isna(before), pd.isna(after)
    before[was_missing], after[is_missing] = None, None
    same = before == after
    assert ((~same).sum(axis=1) <= 2).all()
    assert same[60:].all()
    assert not same[:60].all()
    # Of the values that were missing, some are chosen and become known, but few.
    assert (was_missing & is_missing).sum() >= 30


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"max_columns": 0}, "max_columns"),
        ({"max_columns": 1.5}, "max_columns"),
        ({"max_columns": 2, "n_samples": 3}, "max_columns=2 requires n_samples=None"),
    ],
)
def test_invalid_numbers_of_columns_are_refused(options, message, blobs_model, blobs):
    with pytest.raises(ValueError, match=message):
        blobs_model.intervene(blobs[0], 1, **options)


def scaled(frame):
    parts = [
        ("numbers", StandardScaler(), ["b", "a"]),
        ("groups", OneHotEncoder(), ["group"]),
        ("rest", MinMaxScaler(), ["c", "d"]),
    ]
    return make_pipeline(ColumnTransformer(parts), FunctionTransformer())


@pytest.mark.parametrize("steps", ["scaler", "columns"])
def test_steps_that_do_not_mix_columns_allow_it(steps, quick_classifier, blobs):
    frame = pd.DataFrame(blobs[0], columns=list("abcd"))
    before = StandardScaler()
    if steps == "columns":
        frame["group"] = np.where(blobs[1] == 1, "one", "other")
        before = scaled(frame)
    pipeline = make_pipeline(before, quick_classifier(max_iter=8)).fit(frame, blobs[1])
    edited, report = intervene(pipeline, frame, 1, max_columns=2, report=True)
    changed = (edited != frame).sum(axis=1)
    assert changed.max() == 2
    assert report.achieved.mean() > report.already.mean()
    keeping = intervene(pipeline, frame, 1, max_columns=2, keep=["a"])
    pd.testing.assert_series_equal(keeping["a"], frame["a"])


@pytest.mark.parametrize("step", [PCA(3), make_pipeline(StandardScaler(), PCA(4))])
def test_steps_that_mix_columns_refuse_it(step, quick_classifier, blobs):
    pipeline = make_pipeline(step, quick_classifier(max_iter=8)).fit(*blobs)
    with pytest.raises(ValueError, match=r"max_columns=1 limits .* 4 columns of X would"):
        intervene(pipeline, blobs[0], 1, max_columns=1)
