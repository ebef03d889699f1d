"""A report agrees with the predictions and scores of the model."""

import re
import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from sklearn_revae._interventions.judging import intervention_report


@pytest.fixture(scope="module")
def edited(two_labels, two_labels_model):
    """Samples, the same with another first label, and the report."""
    X = two_labels[0]
    do = {"label_0": np.where(np.arange(60) < 20, "left", "right")}
    X_new = two_labels_model.intervene(X, do)
    return X, X_new, intervention_report(two_labels_model, X, X_new, do)


@pytest.fixture(scope="module")
def table(blobs):
    X, y = blobs
    random = np.random.RandomState(0)
    return pd.DataFrame(
        {
            "length": X[:, 0],
            "city": np.array(["Bonn", "Oslo", "Rome"])[y],
            "visits": random.poisson(1.0 + y),
            "income": np.exp(2.0 * random.normal(size=60)),
            "member": random.randint(2, size=60).astype(float),
        },
        index=[f"row {i}" for i in range(60)],
    )


@pytest.fixture(scope="module")
def table_model(table, blobs, quick_classifier):
    return quick_classifier(max_iter=10).fit(table, blobs[1])


# success and side effects


def test_probabilities_are_those_of_predict_proba(edited, two_labels_model):
    X, X_new, report = edited
    code = np.where(np.arange(60) < 20, 0, 2)
    for rows, found in (
        (X, report.probability_before),
        (X_new, report.probability_after),
    ):
        expected = two_labels_model.predict_proba(rows)[0][np.arange(60), code]
        np.testing.assert_allclose(found[:, 0], expected, rtol=1e-9)
    predicted = two_labels_model.predict(X_new)[:, 0]
    requested = report.requested["label_0"]
    assert requested.tolist() == ["left"] * 20 + ["right"] * 40
    np.testing.assert_array_equal(report.achieved[:, 0], predicted == requested)


def test_changes_are_total_variation_distances(edited, two_labels_model):
    X, X_new, report = edited
    both = zip(*map(two_labels_model.predict_proba, (X, X_new)), strict=True)
    for label, (before, after) in enumerate(both):
        np.testing.assert_allclose(
            report.changes[:, label],
            (after - before).clip(min=0).sum(axis=1),
            atol=1e-9,
        )
    np.testing.assert_array_equal(report.other_change, report.changes[:, 1])
    assert set(report.other_label) == {"label_1"}


def test_the_label_that_changes_most_is_named(blobs, quick_classifier):
    X, y = blobs
    labels = pd.DataFrame({"a": y, "b": y == 1, "c": y == 2})
    model = quick_classifier(max_iter=10).fit(X, labels)
    report = intervention_report(model, X, X[::-1], {"b": True})
    others = report.changes[:, [0, 2]]
    np.testing.assert_array_equal(report.other_change, others.max(axis=1))
    named = np.where(others[:, 0] >= others[:, 1], "a", "c")
    assert set(named) == {"a", "c"}
    np.testing.assert_array_equal(report.other_label, named)


def test_without_other_labels_there_are_no_side_effects(blobs, blobs_model):
    report = intervention_report(blobs_model, blobs[0], blobs[0], 1)
    np.testing.assert_array_equal(report.other_change, 0.0)
    assert set(report.other_label) == {None}


def test_unchanged_samples_have_no_effects(two_labels, two_labels_model):
    X = two_labels[0]
    report = intervention_report(two_labels_model, X, X, {0: "left", 1: 6}, baseline=X)
    np.testing.assert_array_equal(report.probability_after, report.probability_before)
    for effect in (report.changes, report.distance, report.score_drop):
        np.testing.assert_array_equal(effect, 0.0)


# distance


def test_distance_is_measured_from_the_samples_or_a_baseline(blobs, blobs_model):
    X = blobs[0]
    report = intervention_report(blobs_model, X, X, 1)
    np.testing.assert_array_equal(report.distance, 0.0)
    assert report.most_changed() == []
    baseline = blobs_model.reconstruct(X)
    report = intervention_report(blobs_model, X, X, 1, baseline=baseline)
    spread = np.sqrt(np.square(X - np.median(X, axis=0)).mean(axis=0))
    gap = (X - blobs_model.reconstruct(X)) / spread
    np.testing.assert_allclose(report.distance, np.sqrt((gap**2).mean(axis=1)), rtol=1e-9)


def spread(values):
    """Root mean square deviation from the median; these values have none far from it."""
    return np.sqrt(np.square(values - np.median(values)).mean())


def moved(model, table, column, values):
    new = table.copy()
    new[column] = values
    return intervention_report(model, table, new, 1, baseline=table).distance


def test_each_kind_of_column_has_its_own_unit(table, table_model):
    one = np.sqrt(1 / 5)
    real = table["length"] + spread(table["length"])
    np.testing.assert_allclose(moved(table_model, table, "length", real), one)
    other = np.where(table["city"] == "Bonn", "Rome", "Bonn")
    np.testing.assert_allclose(moved(table_model, table, "city", other), one)
    logs = np.log(table["income"])
    positive = table["income"] * np.exp(spread(logs))
    np.testing.assert_allclose(moved(table_model, table, "income", positive), one)
    logs = np.log1p(table["visits"])
    np.testing.assert_allclose(
        moved(table_model, table, "visits", 9),
        one * np.abs(np.log(10) - logs) / logs.std(ddof=0),
        rtol=1e-6,
    )
    np.testing.assert_allclose(
        moved(table_model, table, "member", 1 - table["member"]),
        one / table["member"].std(ddof=0),
    )


def test_a_constant_column_has_a_finite_distance(blobs, quick_classifier):
    X = np.column_stack([blobs[0], np.zeros(60)])
    model = quick_classifier(likelihood={4: "bernoulli"}).fit(X, blobs[1])
    report = intervention_report(model, X, X, 1)
    assert np.isfinite(report.distance).all()


def test_missing_values_are_left_out(table, table_model):
    incomplete = table.copy()
    incomplete.loc["row 0"] = [np.nan, None, np.nan, np.nan, np.nan]
    incomplete.loc["row 1", ["city", "length"]] = None
    new = table.copy()
    new["income"] = table["income"] * np.exp(spread(np.log(table["income"])))
    report = intervention_report(table_model, incomplete, new, 1, baseline=incomplete)
    np.testing.assert_allclose(report.distance[:2], [0.0, np.sqrt(1 / 3)])
    assert np.isfinite(report.to_frame().drop(columns="other_label")).to_numpy().all()


# plausibility


def test_the_drop_is_a_difference_of_score_samples(edited, two_labels_model):
    X, X_new, report = edited
    np.testing.assert_allclose(
        report.score_drop,
        two_labels_model.score_samples(X) - two_labels_model.score_samples(X_new),
        rtol=1e-9,
    )


def test_the_drop_uses_values_that_are_observed_in_both(two_labels, two_labels_model):
    X = two_labels[0].copy()
    X[::2, 1] = np.nan
    filled = np.where(np.isnan(X), 1e3, X)
    report = intervention_report(two_labels_model, X, filled, {0: "left"})
    np.testing.assert_array_equal(report.score_drop, 0.0)


def test_quantiles_are_those_of_the_training_samples_scores(blobs, blobs_model):
    scores = blobs_model.score_samples(blobs[0])
    np.testing.assert_allclose(
        blobs_model.training_score_quantiles_, np.percentile(scores, range(101))
    )


def test_quantiles_are_computed_from_a_subset_of_many_samples(blobs, quick_classifier):
    X, y = np.tile(blobs[0], (50, 1)), np.tile(blobs[1], 50)
    model = quick_classifier(max_iter=1, batch_size=200).fit(X, y)
    scores = np.percentile(model.score_samples(X), [10, 50, 90])
    spread = scores[2] - scores[0]
    found = model.training_score_quantiles_[[10, 50, 90]]
    np.testing.assert_allclose(found, scores, atol=0.15 * spread)
    again = clone(model).fit(X, y)
    np.testing.assert_array_equal(
        again.training_score_quantiles_, model.training_score_quantiles_
    )


def test_samples_that_differ_from_the_training_data_are_flagged(blobs, blobs_model):
    X = blobs[0]
    report = intervention_report(blobs_model, X, X, 1)
    assert report.out_of_distribution.sum() <= 1
    report = intervention_report(blobs_model, X, 20 * X + 50, 1)
    assert report.out_of_distribution.all()


# draws, containers, and both estimators


def test_draws_are_reported_separately(two_labels, two_labels_model):
    X, do = two_labels[0], {"label_0": "left", "label_1": two_labels_model.classes_[1][0]}
    draws = two_labels_model.intervene(X, do, n_samples=3, random_state=0)
    report = intervention_report(two_labels_model, X, draws, do)
    assert len(report) == 180
    np.testing.assert_array_equal(report.row, np.repeat(np.arange(60), 3))
    single = intervention_report(two_labels_model, X, draws[:, 1], do)
    for name in ("probability_after", "achieved", "changes", "distance", "score_drop"):
        np.testing.assert_allclose(
            getattr(report, name)[1::3], getattr(single, name), rtol=1e-9, atol=1e-12
        )


def test_draws_of_a_table_are_read_without_a_warning(table, table_model, recwarn):
    draws = table_model.intervene(table, 1, n_samples=2, random_state=0)
    report = intervention_report(table_model, table, draws, 1)
    assert not recwarn.list
    frame = report.to_frame()
    assert frame.index.tolist() == np.repeat(table.index, 2).tolist()


@pytest.mark.parametrize("n_samples", [None, 2])
def test_pictures_are_reported(n_samples, quick_classifier):
    random = np.random.RandomState(0)
    X = random.randint(256, size=(20, 8, 8, 1)).astype(np.uint8)
    model = quick_classifier(max_iter=1).fit(X, np.arange(20) % 2)
    X_new = model.intervene(X, 1, n_samples=n_samples, random_state=0)
    report = intervention_report(model, X, X_new, 1)
    assert len(report) == 20 * (n_samples or 1)
    assert np.isfinite(report.distance).all()
    assert np.isfinite(report.score_drop).all()


def test_a_transformer_with_labels_reports(blobs, quick_transformer):
    X, y = blobs
    model = quick_transformer(max_iter=10).fit(X, y)
    report = intervention_report(model, X, model.intervene(X, 1), 1)
    assert report.achieved.shape == (60, 1)


def test_intervene_returns_the_report(blobs, blobs_model):
    X = blobs[0]
    X_new, report = blobs_model.intervene(X, 1, report=True)
    np.testing.assert_array_equal(X_new, blobs_model.intervene(X, 1))
    # Without a shift, the sample itself is returned, not its reconstruction.
    expected = intervention_report(blobs_model, X, X_new, 1, baseline=X)
    pd.testing.assert_frame_equal(report.to_frame(), expected.to_frame())


# tables


def test_the_summary_has_a_row_for_each_requested_value(edited):
    report = edited[2]
    summary = report.summary()
    assert summary.index.tolist() == [("label_0", "left"), ("label_0", "right")]
    left = slice(20)
    expected = {
        "n_rows": 20,
        "already": (report.already & report.achieved)[left].sum(),
        "changed": (~report.already & report.achieved)[left].sum(),
        "failed": (~report.achieved)[left].sum(),
        "achieved": report.achieved[left].mean(),
        "probability_before": report.probability_before[left].mean(),
        "probability_after": report.probability_after[left].mean(),
        "other_change": report.other_change[left].mean(),
        "distance": np.median(report.distance[left]),
        "score_drop": report.score_drop[left].mean(),
        "out_of_distribution": report.out_of_distribution[left].mean(),
    }
    assert summary.iloc[0].to_dict() == pytest.approx(expected)


def test_the_matrix_has_every_label_for_each_requested_value(edited):
    report = edited[2]
    matrix = report.change_matrix()
    assert list(matrix.columns) == ["label_0", "label_1"]
    np.testing.assert_allclose(
        matrix, [report.changes[:20].mean(axis=0), report.changes[20:].mean(axis=0)]
    )


def test_the_frame_has_a_row_for_each_row(table, table_model):
    new = table_model.intervene(table, 1)
    report = intervention_report(table_model, table, new, 1)
    frame = report.to_frame()
    assert frame.index.equals(table.index)
    np.testing.assert_array_equal(frame["label_0_after"], report.probability_after[:, 0])
    assert set(frame["label_0_requested"]) == {1}


def test_the_repr_has_a_few_lines(edited, blobs, quick_classifier):
    text = repr(edited[2])
    assert "60 samples" in text
    assert "label_0='left': " in text
    assert len(text.splitlines()) == 6
    y = np.arange(60) % 12
    model = quick_classifier(max_iter=1).fit(blobs[0], y)
    text = repr(intervention_report(model, blobs[0], blobs[0], y))
    assert "... and 6 more" in text
    assert "other labels" not in text
    text = repr(intervention_report(model, blobs[0][:1], blobs[0][:1], 0))
    assert text.startswith("InterventionReport of 1 sample\n  label_0=0: ")


def test_rows_that_had_the_value_already_are_told_from_those_that_changed(
    blobs, blobs_model
):
    X = blobs[0]
    had = blobs_model.predict(X) == 1
    _, report = blobs_model.intervene(X, 1, report=True)
    np.testing.assert_array_equal(report.already[:, 0], had)
    line = report.summary().iloc[0]
    assert line["already"] == had.sum()
    assert line["failed"] == (~report.achieved).sum()
    assert line["already"] + line["changed"] + line["failed"] == 60
    assert f"{had.sum()} had it already" in repr(report)
    _, none = blobs_model.intervene(X[had], 1, report=True)
    assert none.most_changed() == []
    assert "most changed" not in repr(none)


def test_the_columns_that_changed_most_come_first(table, table_model):
    new = table.copy()
    new["length"] += 100.0
    report = intervention_report(table_model, table, new, 1, baseline=table)
    (first, change), *others = report.most_changed()
    assert first == "length"
    assert change > 10
    assert others == []


def test_a_notebook_shows_tables(table, table_model):
    _, report = table_model.intervene(table, 1, report=True)
    html = report._repr_html_()
    assert html.count("<table>") == 2
    assert "had it already" in html


def test_the_plot_has_a_bar_for_each_column_that_changed(table, table_model):
    _, report = table_model.intervene(table, 1, report=True)
    ax = report.plot(max_columns=1)
    assert len(ax.patches) == 1
    assert ax.get_yticklabels()[0].get_text() == str(report.most_changed()[0][0])
    assert "failed" in ax.get_title()
    assert report.plot(ax=ax) is ax
    long = [f"the mean {name} of all samples that were taken" for name in "abcdef"]
    names = [*long, *report.column_names][: len(report.column_names)]
    ax = replace(report, column_names=names).plot()
    assert len(ax.patches) == len(report.most_changed())
    assert max(len(text.get_text()) for text in ax.get_yticklabels()) == 30


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"max_columns": 0}, ValueError, "max_columns == 0"),
        ({"max_columns": -1}, ValueError, "max_columns == -1"),
        ({"max_columns": "a"}, TypeError, "max_columns must be"),
        ({"ax": np.empty(2, dtype=object)}, TypeError, "ax must be .*Axes or None"),
    ],
)
def test_the_plot_refuses_other_arguments(edited, arguments, error, message):
    with pytest.raises(error, match=message):
        edited[2].plot(**arguments)


def test_the_title_of_several_labels_counts_requests(two_labels, two_labels_model):
    do = {"label_0": "left", "label_1": 5}
    _, report = two_labels_model.intervene(two_labels[0], do, report=True)
    found = [int(n) for n in re.findall("[0-9]+", report.plot().get_title())]
    assert found[-1] == sum(found[:3]) == 2 * len(report)


def test_without_pandas_only_the_arrays_are_available(edited, monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    report = edited[2]
    assert "60 samples" in repr(report)
    for table in (report.summary, report.change_matrix, report.to_frame):
        with pytest.raises(ImportError, match=f"{table.__name__} requires pandas"):
            table()


# errors


def test_numbers_of_samples_that_differ_are_refused(blobs, blobs_model):
    X = blobs[0]
    for new in (X[:7], np.zeros((7, 2, 4))):
        with pytest.raises(ValueError, match=r"X has 60|X_new has 7"):
            intervention_report(blobs_model, X, new, 1)
    with pytest.raises(ValueError, match="baseline 7"):
        intervention_report(blobs_model, X, X, 1, baseline=X[:7])
    with pytest.raises(ValueError, match="X has 5 features"):
        intervention_report(blobs_model, X, np.zeros((60, 5)), 1)


@pytest.mark.parametrize("name", ["X_new", "baseline"])
def test_rows_in_another_order_are_refused(name, table, table_model):
    rows = {"X_new": table, "baseline": table, name: table[::-1]}
    with pytest.raises(ValueError, match=rf"index of {name} is .* another order"):
        intervention_report(table_model, table, do=1, **rows)
    # Another index says nothing about the order.
    rows[name] = table.reset_index(drop=True)
    assert len(intervention_report(table_model, table, do=1, **rows)) == len(table)


def test_labels_and_values_are_checked(blobs, blobs_model, quick_transformer):
    X = blobs[0]
    with pytest.raises(ValueError, match="7 is not a value of label_0"):
        intervention_report(blobs_model, X, X, 7)
    with pytest.raises(ValueError, match="fitted without y"):
        intervention_report(quick_transformer().fit(X), X, X, 1)
