"""Where do is not labelled, intervene leaves the label, or the whole sample, as it is."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_revae import ReVAERegressor, intervene, intervention_report
from sklearn_revae.inspection import InterventionReportDisplay


@pytest.fixture(scope="module")
def table():
    """Numbers, categories and large integers, some values missing, and two labels."""
    random = np.random.RandomState(0)
    y = random.randint(3, size=60)
    X = pd.DataFrame(
        {
            "first": random.standard_normal(60) + 3 * y,
            "second": random.standard_normal(60),
            "town": random.choice(["a", "b"], 60),
            "key": 2**60 + random.randint(9, size=60),
        }
    )
    X.loc[::3, "second"] = np.nan
    X.loc[::7, "town"] = None
    names = np.where(X["second"] > 0, "up", "down")
    return X, pd.DataFrame({"a": y, "b": names})


@pytest.fixture(scope="module")
def model(table, quick_classifier):
    return quick_classifier(max_iter=20, learning_rate_init=0.01).fit(*table)


LEFT = np.arange(60) % 4 == 0


@pytest.mark.parametrize("marker", [-1, None, np.nan])
@pytest.mark.parametrize("container", [list, np.array, pd.Series])
def test_samples_without_a_request_are_those_of_x(marker, container, table, model):
    X = table[0]
    a = [marker if left else 2 for left in LEFT]
    b = [marker if left else "up" for left in LEFT]
    if container is np.array:
        a, b = np.array(a, dtype=object), np.array(b, dtype=object)
    edited = model.intervene(X, {"a": container(a), "b": container(b)})
    pd.testing.assert_frame_equal(edited[LEFT], X[LEFT], check_exact=True)
    everywhere = model.intervene(X, {"a": 2, "b": "up"})
    pd.testing.assert_frame_equal(edited[~LEFT], everywhere[~LEFT])


@pytest.mark.parametrize(
    "options",
    [
        {"residual": False},
        {"method": "mean"},
        {"strength": "auto"},
        {"max_columns": 1},
        {"bounds": {"first": (2, 3)}},
        {"n_samples": 2},
    ],
)
def test_every_way_of_editing_leaves_samples_alone(options, table, model):
    X, do = table[0], {"a": np.where(LEFT, -1, 2)}
    edited, report = model.intervene(X, do, report=True, random_state=0, **options)
    if "n_samples" in options:
        own = X[LEFT].to_numpy(object)
        for draw in (edited[LEFT, 0], edited[LEFT, 1]):
            assert ((draw == own) | (pd.isna(draw) & pd.isna(own))).all()
    else:
        pd.testing.assert_frame_equal(edited[LEFT], X[LEFT], check_exact=True)
    assert not LEFT[report.row].any()
    assert set(report.row) == set(np.flatnonzero(~LEFT))


@pytest.mark.parametrize("method", ["transport", "mean"])
def test_one_of_two_labels_is_left_as_if_it_were_not_named(method, table, model):
    X = table[0]
    both = {"a": 2, "b": np.where(LEFT, None, "up")}
    edited = model.intervene(X, both, method=method)
    only = model.intervene(X, {"a": 2}, method=method)
    pd.testing.assert_frame_equal(edited[LEFT], only[LEFT])


def test_a_pipeline_leaves_samples_alone(blobs, quick_classifier):
    X, y = blobs
    pipeline = make_pipeline(StandardScaler(), quick_classifier()).fit(X, y)
    left = np.arange(len(X)) % 4 == 0
    do = np.where(left, -1, 1)
    edited, report = intervene(pipeline, X, do, report=True, residual=False)
    np.testing.assert_array_equal(edited[left], X[left])
    assert (edited[~left] != X[~left]).any(axis=1).all()
    assert report.row.tolist() == np.flatnonzero(~left).tolist()
    draws = intervene(pipeline, X, do, n_samples=2, report=True, random_state=0)[0]
    np.testing.assert_array_equal(draws[left, 0], X[left])


def test_a_regressor_leaves_samples_without_a_number_alone(blobs):
    X = blobs[0]
    y = X[:, 0] + X[:, 1]
    model = ReVAERegressor((8,), max_iter=3, n_members=2, random_state=0).fit(X, y)
    left = np.arange(len(X)) % 4 == 0
    edited = model.intervene(X, np.where(left, np.nan, 5.0), residual=False)
    np.testing.assert_array_equal(edited[left], X[left])
    assert (edited[~left] != X[~left]).any(axis=1).all()


def test_a_report_of_other_edits_leaves_samples_without_a_request_out(blobs_model, blobs):
    X = pd.DataFrame(blobs[0], index=np.arange(len(blobs[0])) + 1000)
    do = np.where(np.arange(len(X)) < 5, -1, 1)
    report = intervention_report(blobs_model, X, X, do, baseline=X)
    assert len(report) == len(X) - 5
    assert report.summary()["n_rows"].tolist() == [len(X) - 5]
    assert report.to_frame().index[0] == 1005
    np.testing.assert_array_equal(report.achieved[:, 0], blobs_model.predict(X)[5:] == 1)


@pytest.mark.parametrize("options", [{}, {"max_columns": 2}, {"residual": False}])
def test_a_label_that_nobody_requests_does_not_change_the_edit_of_another(
    options, two_labels, two_labels_model
):
    X = two_labels[0]
    do = {"label_0": "left"}
    expected = two_labels_model.intervene(X, do, **options)
    do["label_1"] = np.full(len(X), -1)
    np.testing.assert_array_equal(two_labels_model.intervene(X, do, **options), expected)


def test_a_report_counts_requests_only(two_labels, two_labels_model):
    X = two_labels[0]
    one, other = np.full(len(X), -1, object), np.full(len(X), -1)
    one[:20], other[15:25] = "left", 6
    do = {"label_0": one, "label_1": other}
    _, report = two_labels_model.intervene(X, do, report=True)
    assert report.row.tolist() == list(range(25))
    assert report.requested["label_0"].tolist() == ["left"] * 20 + [None] * 5
    assert report.requested["label_1"].tolist() == [None] * 15 + [6] * 10
    summary = report.summary()
    assert summary["n_rows"].to_dict() == {("label_0", "left"): 20, ("label_1", 6): 10}
    counts = summary[["already", "changed", "failed"]]
    assert (counts.sum(axis=1) == summary["n_rows"]).all()
    # What happens to a label without a request is a side effect.
    np.testing.assert_array_equal(report.other_change[:15], report.changes[:15, 1])
    np.testing.assert_array_equal(report.other_change[20:], report.changes[20:, 0])
    assert report.other_label.tolist() == ["label_1"] * 15 + [None] * 5 + ["label_0"] * 5


def test_a_report_without_any_request_has_no_rows(blobs_model, blobs):
    pytest.importorskip("matplotlib")
    _, report = blobs_model.intervene(blobs[0][:4], [-1] * 4, report=True)
    assert len(report) == 0
    assert report.most_changed() == []
    for text in (repr(report), report._repr_html_()):
        assert "no value is requested" in text
    for table in (report.summary(), report.to_frame(), report.change_matrix()):
        assert len(table) == 0
    assert "0 changed" in report.plot().get_title()
    with pytest.raises(ValueError, match="report has no rows"):
        InterventionReportDisplay.from_report(report)


def test_new_samples_need_a_value(blobs_model):
    with pytest.raises(ValueError, match="do must give every new sample a value"):
        blobs_model.sample(2, [1, -1])


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_every_type_of_column_is_left_as_it_is(library, quick_classifier):
    random = np.random.RandomState(0)
    y, left = np.arange(40) % 2, LEFT[:40]
    cells = {
        "count": (random.poisson(3 + y).tolist(), "Int64"),
        "flag": ((random.rand(40) < 0.5).tolist(), "boolean"),
        "town": (random.choice(["a", "b"], 40).tolist(), "category"),
        "size": ((random.standard_normal(40) + y).tolist(), "Float64"),
    }
    for values, _ in cells.values():
        values[::3] = [None] * len(values[::3])
    if library == "pandas":
        X = pd.DataFrame({name: pd.Series(v, dtype=t) for name, (v, t) in cells.items()})
    else:
        X = pl.DataFrame({name: values for name, (values, _) in cells.items()})
    edited = (
        quick_classifier(max_iter=2).fit(X, y).intervene(X, np.where(left, -1, 1 - y))
    )
    if library == "pandas":
        pd.testing.assert_frame_equal(edited[left], X[left])
    else:
        assert edited.schema == X.schema
        assert edited.filter(left).equals(X.filter(left))
