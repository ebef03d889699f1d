import json
import signal
import time

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.datasets import make_multilabel_classification
from sklearn.preprocessing import StandardScaler

pytest.importorskip("matplotlib", reason="requires pip install sklearn-revae[plot]")


@pytest.fixture
def accuracy(benchmark_module):
    return benchmark_module("accuracy")


@pytest.fixture
def two_labels(accuracy, monkeypatch):
    def load():
        return make_multilabel_classification(100, n_classes=2, random_state=0)

    sets = accuracy.data_sets
    monkeypatch.setitem(sets.SETS, "two_labels", sets.DataSet(load, StandardScaler))
    return "two_labels"


def test_each_of_several_labels_keeps_the_budget(accuracy):
    y = np.random.RandomState(0).randint(2, size=(100, 3))
    few = accuracy.few_labels(y, 4, seed=0)
    for column, kept in zip(y.T, few.T, strict=True):
        assert_array_equal(np.bincount(kept + 1), [92, 4, 4])
        assert_array_equal(kept[kept >= 0], column[kept >= 0])
    assert len(np.unique(few == -1, axis=1).T) > 1


@pytest.mark.parametrize("method", ["logistic", "self-training", "svc", "spreading"])
@pytest.mark.parametrize("data", ["iris", "two_labels"])
def test_a_fit_is_measured(accuracy, two_labels, method, data):
    cell = accuracy.Cell(method, "", data, 10, 0)
    result = json.loads(json.dumps(accuracy.run(cell, {}, limit=60)))
    assert accuracy.Cell(*(result[field] for field in cell._fields)) == cell
    assert 0.5 < result["accuracy"] <= 1
    if method == "svc":
        assert result["bins"] is None
    else:
        count, _, correct = np.sum(result["bins"], axis=0)
        assert count == {"iris": 45, "two_labels": 60}[data]
        assert correct / count == pytest.approx(result["accuracy"])


@pytest.mark.parametrize("method", ["ours", "supervised"])
def test_revae_is_fitted_to_all_labels_at_once(accuracy, two_labels, monkeypatch, method):
    seen = []

    class Recorder:
        def fit(self, X, y):
            seen.append((X, y))
            return self

        def predict(self, X):
            return np.zeros((len(X), 2), dtype=int)

        def predict_proba(self, X):
            return [np.tile([0.8, 0.2], (len(X), 1))] * 2

    described = accuracy.METHODS[method]._replace(make=lambda seed: Recorder())
    monkeypatch.setitem(accuracy.METHODS, method, described)
    result = accuracy.run(accuracy.Cell(method, "v", two_labels, 3, 0), {}, limit=60)
    (X, y), labelled = seen[0], (seen[0][1] != -1).any(axis=1)
    assert y.shape == (len(X), 2)
    assert labelled.sum() <= 12
    assert len(X) == (70 if method == "ours" else labelled.sum())
    assert np.sum(result["bins"], axis=0)[0] == 60


def test_a_fit_that_takes_too_long_is_stopped(accuracy, monkeypatch):
    def endless(seed):
        while True:
            time.process_time()

    method = accuracy.METHODS["logistic"]._replace(make=endless)
    monkeypatch.setitem(accuracy.METHODS, "logistic", method)
    before = signal.signal(signal.SIGPROF, accuracy.stop)
    try:
        result = accuracy.run(accuracy.Cell("logistic", "", "iris", 3, 0), {}, limit=0.1)
    finally:
        signal.signal(signal.SIGPROF, before)
    assert result["error"] == "TimeoutError: reached the time limit"
    assert result["limit"] == 0.1


def test_the_cache_says_what_is_missing(accuracy, tmp_path):
    options = "--version new --sets iris --seeds 0 1 --budgets 3 --methods ours logistic"
    args = accuracy.parse([*options.split(), "--cache", str(tmp_path / "cache.jsonl")])
    assert accuracy.missing(args) == [
        accuracy.Cell("ours", "new", "iris", 3, 0),
        accuracy.Cell("logistic", "", "iris", 3, 0),
        accuracy.Cell("ours", "new", "iris", 3, 1),
        accuracy.Cell("logistic", "", "iris", 3, 1),
    ]
    lines = [
        {**accuracy.missing(args)[0]._asdict(), "accuracy": 0.9},
        {**accuracy.missing(args)[1]._asdict(), "error": "stopped"},
        {**accuracy.missing(args)[2]._asdict(), "version": "old", "accuracy": 0.9},
    ]
    args.cache.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert [cell.seed for cell in accuracy.missing(args)] == [1, 1]
    args.retry = True
    assert [cell.seed for cell in accuracy.missing(args)] == [0, 1, 1]


def test_report_prints_tables_and_draws(accuracy, tmp_path, capsys):
    lines = [
        {
            **accuracy.Cell(method, version, data, 3, seed)._asdict(),
            "accuracy": 0.9 - 0.1 * place,
            "seconds": 0.5,
            "bins": [[10, 9, 9 - place]],
        }
        for place, (method, version) in enumerate(
            [("ours", "new"), ("ours", "old"), ("supervised", "new"), ("logistic", "")]
        )
        for data in ("iris", "wine")
        for seed in (0, 1)
    ]
    lines.append({**lines[0], "seed": 2, "error": "TimeoutError: ...", "accuracy": None})
    cache, picture = tmp_path / "cache.jsonl", tmp_path / "ranks.png"
    cache.write_text("".join(json.dumps(line) + "\n" for line in lines))
    options = "--version new --against old --methods ours supervised logistic"
    files = ["--cache", str(cache), "--report", str(picture)]
    accuracy.report(accuracy.parse([*options.split(), *files]))
    printed = capsys.readouterr().out
    for text in ("ours minus supervised, 2 cells", "ours minus old", "TimeoutError"):
        assert text in printed
    assert picture.stat().st_size > 1000
