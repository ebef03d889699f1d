"""scikit-learn's callbacks, which `set_callbacks` sets, beside the parameter's own."""

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_revae.persistence import load, save

callback = pytest.importorskip("sklearn.callback", reason="needs scikit-learn 1.9")


class Recorder:
    """Records which hooks are called, with the accuracy at each end of an epoch."""

    def __init__(self, stop_after=None, fail=False):
        self.stop_after, self.fail, self.events = stop_after, fail, []

    def setup(self, estimator, context):
        self.events.append("setup")

    def teardown(self, estimator, context):
        self.events.append("teardown")

    def on_fit_task_begin(self, estimator, context, *, X=None):
        self.events.append(f"begin {context.task_name}")
        self.n_subtasks = getattr(context.parent, "max_subtasks", None)
        self.n_samples = len(X)

    def on_fit_task_end(self, estimator, context, *, X=None, y=None, fitted_estimator):
        if self.fail:
            raise OSError("a callback failed")
        self.events.append(f"end {context.task_name}")
        self.last = fitted_estimator
        return context.task_id + 1 == self.stop_after


def test_each_epoch_is_a_task(few_blobs, quick_classifier):
    recorder = Recorder()
    model = quick_classifier(max_iter=3).set_callbacks(recorder).fit(*few_blobs)
    epochs = ["begin epoch", "end epoch"] * 3
    expected = ["setup", "begin fit", *epochs, "end fit", "teardown"]
    assert recorder.events == expected
    assert recorder.n_subtasks == 3
    assert recorder.n_samples == len(few_blobs[0])
    assert model.n_iter_ == 3
    assert not hasattr(model, "_callback_fit_ctx")


def test_the_estimator_so_far_can_predict(few_blobs, quick_classifier):
    X, y = few_blobs
    recorder = Recorder(stop_after=2)
    model = quick_classifier(max_iter=9, edit_weight=0).set_callbacks(recorder).fit(X, y)
    assert model.n_iter_ == 2
    expected = model.predict_proba(X)
    np.testing.assert_allclose(recorder.last.predict_proba(X), expected)
    for method in ("transform", "impute", "reconstruct", "score_samples"):
        result = getattr(recorder.last, method)(X)
        np.testing.assert_allclose(result, getattr(model, method)(X))


def test_results_do_not_depend_on_callbacks(few_blobs, quick_classifier):
    X, y = few_blobs
    told = quick_classifier().set_callbacks(Recorder()).fit(X, y)
    np.testing.assert_array_equal(
        told.predict_proba(X), quick_classifier().fit(X, y).predict_proba(X)
    )


def test_scikit_learns_monitor_scores_each_epoch(few_blobs, quick_classifier):
    monitor = callback.ScoringMonitor(scoring="accuracy")
    X, y = few_blobs
    labelled = y >= 0
    model = quick_classifier(max_iter=3).set_callbacks(monitor)
    model.fit(X[labelled], y[labelled])
    rows = monitor.get_logs().data
    scores = [row["accuracy"] for row in rows if row["task_name"] == "epoch"]
    assert len(scores) == 3
    assert all(0 <= score <= 1 for score in scores)


def test_callbacks_are_torn_down_if_a_fit_fails(few_blobs, quick_classifier):
    recorder = Recorder(fail=True)
    model = quick_classifier().set_callbacks(recorder)
    with pytest.raises(OSError, match="a callback failed"):
        model.fit(*few_blobs)
    assert recorder.events[-1] == "teardown"
    assert not hasattr(model, "module_")
    recorder.events.clear()
    with pytest.raises(ValueError, match="likelihood names"):
        model.set_params(likelihood="wrong").fit(*few_blobs)
    assert recorder.events == ["setup", "teardown"]


def test_a_pipeline_passes_its_task_on(few_blobs, quick_classifier):
    recorder = Recorder()
    model = quick_classifier(max_iter=2).set_callbacks(recorder)
    make_pipeline(StandardScaler(), model).fit(*few_blobs)
    assert recorder.events.count("end epoch") == 2


def test_partial_fit_does_not_call_them(few_blobs, quick_classifier):
    recorder = Recorder()
    model = quick_classifier().set_callbacks(recorder)
    model.partial_fit(*few_blobs, classes=[0, 1, 2])
    assert recorder.events == []


def test_fitted_models_with_callbacks_are_copied(few_blobs, quick_classifier):
    X, y = few_blobs
    model = quick_classifier().set_callbacks(Recorder()).fit(X, y)
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict(X), model.predict(X))
    assert clone(model)._skl_callbacks == model._skl_callbacks


def test_callbacks_are_removed_before_a_model_is_saved(
    few_blobs, quick_classifier, tmp_path
):
    X, y = few_blobs
    model = quick_classifier().set_callbacks(Recorder()).fit(X, y)
    with pytest.raises(ValueError, match=r"call set_callbacks\(\) first"):
        save(model, tmp_path / "model")
    save(model.set_callbacks(), tmp_path / "model")
    np.testing.assert_array_equal(load(tmp_path / "model").predict(X), model.predict(X))
