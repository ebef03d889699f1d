"""Two processes that train together learn what one learns from the same batches."""

import multiprocessing
import os
import socket
import sys
import time
import traceback

import numpy as np
import pytest
import torch
from accelerate.state import AcceleratorState
from joblib import parallel_config
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import csr_array
from sklearn.base import clone
from sklearn.datasets import make_blobs
from sklearn.model_selection import GridSearchCV
from skorch.callbacks import Callback
from torch import nn

from sklearn_revae import (
    Checkpoint,
    DataParallel,
    ReVAEClassifier,
    ReVAERegressor,
    ReVAETransformer,
)
from sklearn_revae._training import processes

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")

QUICK = {
    "hidden_layer_sizes": (8,),
    "n_members": 2,
    "max_iter": 3,
    "batch_size": 20,
    "random_state": 0,
}
X, Y = make_blobs(120, 4, centers=3, random_state=0)
Y_FEW = np.where(np.arange(120) % 3 == 0, Y, -1)
# Seconds, on a busy machine; a process that is not told waits for half an hour.
LIMIT = 120
# float32 sums of a batch in another order, magnified by Adam where gradients are small: a
# wrong gradient would change most weights by the learning rate, 0.01.
CLOSE = {"rtol": 1e-4, "atol": 1e-4}
# Adam's first steps magnify rounding where gradients are small, and the cost of what an
# edit changes has a gradient that jumps where nothing has changed yet. A wrong gradient
# would change most weights by the learning rate, 0.002.
CLOSE_ENOUGH_FOR_IMAGES = {"rtol": 1e-3, "atol": 5e-4}


def _work(rank, port, function, arguments, pipe):
    os.environ.update(
        RANK=str(rank),
        LOCAL_RANK=str(rank),
        WORLD_SIZE="2",
        LOCAL_WORLD_SIZE="2",
        MASTER_ADDR="127.0.0.1",
        MASTER_PORT=str(port),
        ACCELERATE_USE_CPU="true",
        OMP_NUM_THREADS="1",
    )
    # The parent may have used accelerate by itself.
    AcceleratorState._reset_state(reset_partial_state=True)
    try:
        pipe.send(function(rank, *arguments))
    except Exception as error:
        traceback.print_exc()
        pipe.send(error)


def in_two_processes(function, *arguments):
    """What a function returns or raises in two processes, given their numbers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    context = multiprocessing.get_context("fork")
    pipes, workers = [], []
    for rank in range(2):
        ours, theirs = context.Pipe()
        worker = context.Process(
            target=_work, args=(rank, port, function, arguments, theirs)
        )
        worker.start()
        theirs.close()
        pipes.append(ours)
        workers.append(worker)
    try:
        return [_received(pipe) for pipe in pipes]
    finally:
        for worker in workers:
            worker.join(10)
            worker.kill()


def _received(pipe):
    assert pipe.poll(LIMIT), "a process hangs"
    try:
        return pipe.recv()
    except EOFError:
        return None


def learned(model):
    """The weights of a fitted model, its history, and what it predicts."""
    state = model.module_.state_dict()
    output = getattr(model, "predict_proba", getattr(model, "predict", model.transform))
    return {
        "weights": np.concatenate([v.flatten().numpy() for v in state.values()]),
        "history": np.array([list(epoch.values()) for epoch in model.history_]),
        "output": output(model.X_),
    }


def fit(rank, model, X, y):
    model = clone(model).set_params(callbacks=[DataParallel(n_parts=2)])
    model.fit(X, y)
    model.X_ = X
    return learned(model)


def _own_encoder():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Dropout(0.5))


def _images():
    rng = np.random.default_rng(0)
    y = rng.integers(2, size=24)
    return rng.random((24, 16, 16)) + 0.3 * y[:, None, None], y


CASES = {
    "classifier": (ReVAEClassifier(**QUICK), X, Y_FEW),
    "early stopping": (
        ReVAEClassifier(
            **QUICK | {"max_iter": 8}, early_stopping=0.3, n_iter_no_change=2
        ),
        X,
        Y_FEW,
    ),
    "odd batches": (ReVAEClassifier(**QUICK | {"batch_size": 7}), X, Y_FEW),
    "sparse": (ReVAEClassifier(**QUICK), csr_array(X), Y_FEW),
    "regressor": (
        ReVAERegressor(**QUICK),
        X[:, 1:],
        np.where(Y_FEW < 0, np.nan, X[:, 0]),
    ),
    "stopped by the ELBO": (ReVAETransformer(**QUICK, early_stopping=True), X, None),
    "own encoder with Dropout": (
        ReVAEClassifier(**QUICK | {"n_members": 1}, encoder=_own_encoder()),
        X,
        Y_FEW,
    ),
    "images": (ReVAEClassifier(max_iter=2, batch_size=12, random_state=0), *_images()),
}


@pytest.mark.parametrize("case", CASES)
def test_two_processes_learn_what_one_learns(case):
    expected = fit(0, *CASES[case])
    first, second = in_two_processes(fit, *CASES[case])
    for name, value in expected.items():
        assert_array_equal(first[name], second[name])
        if case == "images":
            close = np.isclose(first[name], value, **CLOSE_ENOUGH_FOR_IMAGES)
            assert close.mean() > 0.98, name
        else:
            assert_allclose(first[name], value, **CLOSE, err_msg=name)


def _partial_fit(rank):
    model = ReVAEClassifier(**QUICK, callbacks=[DataParallel(n_parts=2)])
    for rows in (slice(60), slice(60, 120)):
        model.partial_fit(X[rows], Y_FEW[rows], classes=[0, 1, 2])
    model.X_ = X
    return learned(model)


def test_two_processes_learn_from_a_stream_what_one_learns():
    expected = _partial_fit(0)
    for found in in_two_processes(_partial_fit):
        for name, value in expected.items():
            assert_allclose(found[name], value, **CLOSE, err_msg=name)


def test_parts_have_noise_of_their_own():
    model = ReVAEClassifier(**QUICK)
    one, two = (
        clone(model).set_params(callbacks=[DataParallel(n)]).fit(X, Y_FEW) for n in (1, 2)
    )
    assert not np.allclose(one.predict_proba(X), two.predict_proba(X), **CLOSE)


def _fit_unseeded(rank):
    np.random.seed(rank)  # noqa: NPY002
    model = ReVAEClassifier(**QUICK | {"random_state": None})
    return fit(rank, model, X, Y_FEW)["weights"]


def test_without_a_seed_all_processes_use_that_of_the_first():
    first, second = in_two_processes(_fit_unseeded)
    assert_array_equal(first, second)


def _errors(rank, fits):
    """What each fit raises, and that the processes can train together after it."""
    raised = []
    for model, data in fits(rank):
        start = time.monotonic()
        try:
            model.fit(*data)
        except Exception as error:
            raised.append((type(error), str(error)))
        else:
            raised.append(None)
        assert time.monotonic() - start < LIMIT
    return raised, fit(rank, ReVAEClassifier(**QUICK), X, Y_FEW)["weights"]


def _parallel(callback=None, **changes):
    callbacks = [DataParallel()] + ([] if callback is None else [callback])
    return ReVAEClassifier(**QUICK | changes, callbacks=callbacks)


def _different_fits(rank):
    rows = np.arange(120) if rank == 0 else np.arange(120)[::-1]
    yield _parallel(), (X[rows], Y_FEW[rows])
    yield _parallel(), (X[: 120 - 5 * rank], Y_FEW[: 120 - 5 * rank])
    yield _parallel(max_iter=2 + rank), (X, Y_FEW)
    yield _parallel(batch_size=1), (X, Y)


def test_processes_with_other_data_or_parameters_are_refused():
    results = in_two_processes(_errors, _different_fits)
    for raised, _ in results:
        assert {kind for kind, _ in raised} == {ValueError}
        rows, sizes, parameters, batch = [message for _, message in raised]
        assert "Process 1 of this DataParallel training does not have the same X" in rows
        assert "Every process has to call fit with the same data" in rows
        assert "same X, y, sample_weight" in sizes
        assert "same max_iter as process 0" in parameters
        assert "A batch of 1 samples cannot be split into the 2 parts" in batch
    assert_array_equal(results[0][1], results[1][1])


class _Failing(Callback):
    def __init__(self, kind, message):
        self.kind, self.message = kind, message

    def on_batch_end(self, net, **kwargs):
        if net.steps_ == 3:
            raise self.kind(self.message)


def _failing_fits(rank):
    y_of_rank = Y_FEW if rank == 0 else Y_FEW[:5]
    yield _parallel(), (X, y_of_rank)
    failing = [None, _Failing(OSError, "The disk is full.")][rank]
    yield _parallel(failing), (X, Y_FEW)
    # This is how a callback of skorch stops the training.
    yield _parallel([_Failing(KeyboardInterrupt, "stop"), None][rank]), (X, Y_FEW)


def test_a_fit_that_fails_in_one_process_fails_in_all():
    (of_first, weights), (of_second, others) = in_two_processes(_errors, _failing_fits)
    failed = "fit has failed in process 1 of this DataParallel training"
    for kind, message in of_first[:2]:
        assert issubclass(kind, RuntimeError)
        assert failed in message
    assert [kind for kind, _ in of_second[:2]] == [ValueError, OSError]
    for kind, message in (of_first[2], of_second[2]):
        assert issubclass(kind, RuntimeError)
        assert "ended the training in one of them only" in message
    assert_array_equal(weights, others)


class _Killed(Callback):
    def on_batch_end(self, net, **kwargs):
        if net.steps_ == 3:
            os._exit(1)


def _killed_fit(rank):
    _parallel([None, _Killed()][rank]).fit(X, Y_FEW)


def test_a_process_does_not_wait_for_one_that_was_killed():
    start = time.monotonic()
    error, nothing = in_two_processes(_killed_fit)
    assert nothing is None
    assert isinstance(error, RuntimeError)
    assert "The connection to the other processes" in str(error)
    assert time.monotonic() - start < LIMIT


def _interrupted(rank, path):
    """Fail after some steps, resume, and return the weights and the files in between."""
    callbacks = [DataParallel(), Checkpoint(path, every=0)]
    model = ReVAEClassifier(**QUICK, callbacks=callbacks)
    killed = clone(model).set_params(callbacks=[*callbacks, _Failing(OSError, "")])
    try:
        killed.fit(X, Y_FEW)
    except OSError:
        found = sorted(os.listdir(path.parent))
    model.fit(X, Y_FEW).X_ = X
    return found, learned(model), os.listdir(path.parent)


def test_the_first_process_writes_the_checkpoint_and_all_resume_from_it(tmp_path):
    expected = fit(0, ReVAEClassifier(**QUICK), X, Y_FEW)
    results = in_two_processes(_interrupted, tmp_path / "training")
    for found, model, left in results:
        assert (found, left) == (["training"], [])
        assert_array_equal(model["weights"], results[0][1]["weights"])
        for name, value in expected.items():
            assert_allclose(model[name], value, **CLOSE, err_msg=name)


def _other_file(rank, path):
    """Each process has a file of its own, as if they shared no disk."""
    checkpoint = Checkpoint(f"{path}{rank}", every=0)
    model = _parallel(checkpoint)
    callbacks = [*model.callbacks, _Failing(OSError, "")]
    try:
        clone(model).set_params(callbacks=callbacks).fit(X, Y_FEW)
    except OSError:
        model.fit(X, Y_FEW)


def test_a_checkpoint_that_some_processes_do_not_find_is_refused(tmp_path):
    for error in in_two_processes(_other_file, tmp_path / "training"):
        assert isinstance(error, ValueError)
        assert "does not have the same file of the Checkpoint" in str(error)


def _other_device(rank):
    # This machine may have one kind of device only.
    processes.resolve_device = lambda device, n_cells: torch.device("meta")
    _parallel(device="meta").fit(X, Y_FEW)


def test_a_device_of_another_kind_is_refused():
    for error in in_two_processes(_other_device):
        assert isinstance(error, ValueError)
        assert "accelerate has connected the processes for 'cpu'" in str(error)


def _search(rank):
    grid = {"label_dim": [1, 2]}
    return GridSearchCV(_parallel(), grid, cv=2, refit=False).fit(X, Y).cv_results_


def test_a_search_fits_every_candidate_in_all_processes():
    first, second = in_two_processes(_search)
    assert_array_equal(first["mean_test_score"], second["mean_test_score"])
    assert not np.isnan(first["mean_test_score"]).any()


def _alone(rank):
    _parallel().fit(X, Y_FEW)
    # Other data, and another number of steps.
    model = ReVAEClassifier(**QUICK).fit(X[: 40 + 60 * rank], Y_FEW[: 40 + 60 * rank])
    return model.predict_proba(X)


def test_estimators_without_the_callback_are_fitted_alone():
    for rank, found in enumerate(in_two_processes(_alone)):
        n = 40 + 60 * rank
        alone = ReVAEClassifier(**QUICK).fit(X[:n], Y_FEW[:n])
        assert_allclose(found, alone.predict_proba(X), atol=1e-6)


def _printed(rank, path):
    with open(f"{path}{rank}", "w") as sys.stderr:
        _parallel(verbose=True).fit(X, Y_FEW)
    return open(f"{path}{rank}").read()


def test_the_first_process_shows_the_progress(tmp_path):
    first, second = in_two_processes(_printed, tmp_path / "printed")
    assert "ReVAE" in first
    assert "ReVAE" not in second


@pytest.mark.parametrize("n_parts", [0, 1.0, True, "two"])
def test_number_of_parts_is_a_number(n_parts):
    model = ReVAEClassifier(**QUICK, callbacks=[DataParallel(n_parts)])
    with pytest.raises(ValueError, match=r"n_parts=.* must be a multiple of the number"):
        model.fit(X, Y)


def test_several_callbacks_are_refused():
    model = ReVAEClassifier(**QUICK, callbacks=[DataParallel(), DataParallel()])
    with pytest.raises(ValueError, match="2 instances of DataParallel"):
        model.fit(X, Y)


@pytest.mark.parametrize("backend", ["threading", "multiprocessing"])
def test_workers_of_joblib_are_refused(backend):
    search = GridSearchCV(_parallel(), {"label_dim": [1]}, cv=2, error_score="raise")
    with (
        parallel_config(backend, n_jobs=2),
        pytest.raises(RuntimeError, match="Pass n_jobs=None"),
    ):
        search.fit(X, Y)


def test_error_without_accelerate_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "accelerate", None)
    with pytest.raises(ImportError, match=r"pip install sklearn-revae\[parallel\]"):
        _parallel().fit(X, Y)


def test_processes_that_accelerate_has_not_connected_are_refused(monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(RuntimeError, match="set the environment variable ACCELERATE_USE"):
        _parallel().fit(X, Y)
