"""An interrupted fit is resumed from its checkpoint, and ends in the same bytes."""

import io
import os
import random
import signal
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from unittest import mock

import numpy as np
import pytest
import torch
from skorch.callbacks import Callback, EarlyStopping
from torch import nn

from sklearn_revae import Checkpoint, ReVAERegressor, ReVAETransformer
from sklearn_revae._training.cycles import BlockCycle
from sklearn_revae._training.resumption import SavedTraining, _checksum
from sklearn_revae.persistence import load, save

N_KILLS = 10
# Write before every step.
ALWAYS = 0.0
NEVER = 1e9
needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")


class Killed(BaseException):
    """Ends a fit as abruptly as an exception can."""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "training"


@pytest.fixture
def fit_with_interruptions(path, monkeypatch):
    """Function that fits, is interrupted after every few writes, and resumes."""
    write = SavedTraining.write

    def fit(make, X, y, every_nth=4):
        n_left, parts = every_nth, []

        def write_and_die(self, name, state):
            nonlocal n_left
            write(self, name, state)
            n_left -= 1
            if n_left == 0:
                parts.append(name)
                raise Killed

        with monkeypatch.context() as patch:
            patch.setattr(SavedTraining, "write", write_and_die)
            while True:
                n_left, model = every_nth, make()
                callbacks = [Checkpoint(path, every=ALWAYS), *(model.callbacks or [])]
                try:
                    model.set_params(callbacks=callbacks).fit(X, y)
                except Killed:
                    continue
                return model, parts

    return fit


def _own_encoder():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 6), nn.BatchNorm1d(6), nn.Dropout(0.5))


@pytest.fixture
def same(weight_bytes):
    """Function that asserts that two models are the same in all that can be seen."""

    def check(one, other, X):
        assert weight_bytes(one) == weight_bytes(other)
        assert str(one.history_) == str(other.history_)
        assert one.transform(X).tobytes() == other.transform(X).tobytes()
        assert one.training_score_quantiles_.tobytes() == (
            other.training_score_quantiles_.tobytes()
        )
        # Further training starts from the same optimizer.
        assert str(one._optimizer_state) == str(other._optimizer_state)

    return check


@pytest.mark.parametrize(
    "changes",
    [
        {"edit_weight": 2.0},
        {
            "edit_weight": 2.0,
            "early_stopping": 0.3,
            "n_iter_no_change": 2,
            "max_iter": 30,
        },
        {"edit_weight": 2.0, "encoder": "own"},
        {"n_members": 1},
        {},
    ],
    ids=str,
)
def test_interrupted_training_ends_in_the_same_bytes(
    changes, few_blobs, quick_classifier, fit_with_interruptions, same, path
):
    def make():
        own = {"encoder": _own_encoder()} if "encoder" in changes else {}
        return quick_classifier(**{"max_iter": 4, "batch_size": 20, **changes, **own})

    X, y = few_blobs
    resumed, parts = fit_with_interruptions(make, X, y)
    same(resumed, make().fit(X, y), X)
    assert "model" in parts
    # A single member learns edits by default, an ensemble if it is told to.
    assert ("edits" in parts) == (changes != {})
    assert not path.exists()


def test_interrupted_training_of_a_regressor_ends_in_the_same_bytes(
    blobs, fit_with_interruptions, same
):
    X, _ = blobs
    y = np.where(np.arange(len(X)) % 3, X[:, 0], np.nan)

    def make():
        return ReVAERegressor((4,), max_iter=4, batch_size=20, random_state=0)

    # The noise of y is measured within the training.
    same(fit_with_interruptions(make, X, y, 4)[0], make().fit(X, y), X)


def test_interrupted_training_on_a_disk_ends_in_the_same_bytes(
    blobs, fit_with_interruptions, same, tmp_path, monkeypatch
):
    monkeypatch.setattr("sklearn_revae._data.storage.LARGEST_COPY", 0)
    monkeypatch.setattr("sklearn_revae._training.streaming.KEPT_BYTES", 0)
    monkeypatch.setattr("sklearn_revae._data.storage.BLOCK_BYTES", 5 * 4 * 8)
    monkeypatch.setattr("sklearn_revae._training.cycles.GROUP_BLOCKS", 2)
    cycle = mock.Mock(wraps=BlockCycle)
    monkeypatch.setattr("sklearn_revae._training.batches.BlockCycle", cycle)
    np.save(tmp_path / "X.npy", np.tile(blobs[0], (3, 1)))
    X = np.load(tmp_path / "X.npy", mmap_mode="r")

    def make():
        return ReVAETransformer((4,), max_iter=4, batch_size=16, random_state=0)

    resumed, parts = fit_with_interruptions(make, X, None, 3)
    assert len(parts) > 2
    assert cycle.called
    same(resumed, make().fit(X), X)


class Counts(Callback):
    """Has a state that skorch knows nothing of, within an epoch and beyond."""

    def on_train_begin(self, net, **kwargs):
        self.n_steps_, self.losses_, self.other_ = 0, [], object()

    def on_epoch_begin(self, net, **kwargs):
        self.of_epoch_ = 0

    def on_batch_end(self, net, training=False, **kwargs):
        self.n_steps_ += 1
        self.of_epoch_ += 1

    def on_epoch_end(self, net, **kwargs):
        net.history.record("of_epoch", self.of_epoch_)
        self.losses_.append(np.float64(net.history[-1, "train_loss"]))


class Explicit(Callback):
    """Says itself what its state is."""

    seen = 0

    def on_batch_end(self, net, **kwargs):
        self.seen += 1

    def state_dict(self):
        return {"seen": self.seen}

    def load_state_dict(self, state):
        self.seen = state["seen"]


def test_callbacks_of_the_user_are_resumed(
    few_blobs, quick_classifier, fit_with_interruptions, same
):
    def make():
        callbacks = [Counts(), Explicit(), ("stop", EarlyStopping("train_loss"))]
        return quick_classifier(max_iter=4, batch_size=20, callbacks=callbacks)

    X, y = few_blobs
    resumed, _ = fit_with_interruptions(make, X, y, 4)
    straight = make().fit(X, y)
    same(resumed, straight, X)
    counted, other = resumed.callbacks[1], straight.callbacks[0]
    assert counted.n_steps_ == other.n_steps_ == resumed.callbacks[2].seen
    assert counted.losses_ == other.losses_


def _in_child(action):
    """Run `action` in a child process; return its id when it has called `begin`."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                action(lambda: os.write(writing, b"1"))
        finally:
            # Without running what pytest does at the end.
            os._exit(0)
    os.close(writing)
    os.read(reading, 1)
    os.close(reading)
    return child


class Begin(Callback):
    """Calls a function when the training begins."""

    def __init__(self, begin):
        self.begin = begin

    def on_train_begin(self, net, **kwargs):
        self.begin()


@needs_fork
def test_ten_kills_at_random_moments_change_no_byte(
    few_blobs, quick_classifier, same, path
):
    X, y = few_blobs
    changes = {"max_iter": 30, "batch_size": 10, "early_stopping": 0.2}
    changes["n_iter_no_change"] = 30
    moment = random.Random(0)

    def fit(begin):
        callbacks = [Checkpoint(path, every=ALWAYS), Begin(begin)]
        quick_classifier(**changes, callbacks=callbacks).fit(X, y)

    n_kills = 0
    for _ in range(10 * N_KILLS):
        child = _in_child(fit)
        time.sleep(moment.uniform(0.0, 0.2))
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        n_kills += os.waitstatus_to_exitcode(status) == -signal.SIGKILL
        if n_kills == N_KILLS:
            break
    assert n_kills == N_KILLS
    resumed = quick_classifier(**changes, callbacks=[Checkpoint(path)]).fit(X, y)
    same(resumed, quick_classifier(**changes).fit(X, y), X)
    assert os.listdir(path.parent) == []


@needs_fork
@pytest.mark.parametrize("handler", [signal.SIG_DFL, "exit"], ids=str)
def test_state_is_written_on_sigterm(handler, few_blobs, quick_classifier, same, path):
    X, y = few_blobs
    changes = {"max_iter": 2000, "batch_size": 10}

    def fit(begin):
        signal.signal(
            signal.SIGTERM, (lambda *_: os._exit(3)) if handler == "exit" else handler
        )
        callbacks = [Checkpoint(path, every=NEVER), Begin(begin)]
        quick_classifier(**changes, callbacks=callbacks).fit(X, y)

    child = _in_child(fit)
    time.sleep(0.1)
    os.kill(child, signal.SIGTERM)
    _, status = os.waitpid(child, 0)
    expected = 3 if handler == "exit" else -signal.SIGTERM
    assert os.waitstatus_to_exitcode(status) == expected
    content = SavedTraining(Checkpoint(path))._found
    assert content["parts"]["model"]["counters"]["steps_"] > 0


def test_training_goes_on_after_a_sigterm_that_its_handler_survives(
    few_blobs, quick_classifier, same, path
):
    received = []
    before = signal.signal(signal.SIGTERM, lambda *_: received.append(path.exists()))

    class Terminate(Callback):
        def on_epoch_end(self, net, **kwargs):
            signal.raise_signal(signal.SIGTERM)

    try:
        callbacks = [Checkpoint(path, every=NEVER), Terminate()]
        model = quick_classifier(max_iter=3, callbacks=callbacks).fit(*few_blobs)
        handler = signal.getsignal(signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, before)
    assert received == [True, True, True]
    assert handler(0, None) is None
    same(model, quick_classifier(max_iter=3).fit(*few_blobs), few_blobs[0])


@pytest.fixture
def interrupted(few_blobs, quick_classifier, path):
    """Leave the checkpoint of an interrupted fit; return a function that resumes it."""

    class Die(Callback):
        def on_epoch_end(self, net, **kwargs):
            raise Killed

    def make(die=False, **changes):
        checkpoint = [("saved", Checkpoint(path, every=ALWAYS))]
        callbacks = [*checkpoint, Die()] if die else checkpoint
        return quick_classifier(**changes, callbacks=callbacks)

    with pytest.raises(Killed):
        make(die=True).fit(*few_blobs)
    return make


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"learning_rate_init": 0.5}, r"learning_rate_init was 'auto' and is 0.5\."),
        (
            {"max_iter": 3, "label_dim": 3},
            "'auto' and is 3; max_iter was 2 and is 3",
        ),
        ({"random_state": 7}, "the seed that random_state gives was .* and is"),
        ({"views": np.sin}, "views was 'auto' and is numpy.sin"),
    ],
)
def test_checkpoint_of_other_parameters_is_refused(
    changes, message, interrupted, few_blobs, path
):
    with pytest.raises(ValueError, match=message) as raised:
        interrupted(**changes).fit(*few_blobs)
    assert str(path) in str(raised.value)
    assert "remove the file or choose another path" in str(raised.value)


def test_checkpoint_of_other_data_is_refused(interrupted, few_blobs):
    X, y = few_blobs
    other = X.copy()
    other[3, 2] += 1e-9
    with pytest.raises(ValueError, match=r"another fit: X is another one\."):
        interrupted().fit(other, y)
    with pytest.raises(ValueError, match=r"another fit: y is another one\."):
        interrupted().fit(X, np.where(np.arange(len(y)) == 1, -1, y))
    weight = np.linspace(1, 2, len(X))
    with pytest.raises(ValueError, match=r"another fit: sample_weight is another one\."):
        interrupted().fit(X, y, sample_weight=weight)
    with pytest.raises(ValueError, match="class of the estimator was ReVAEClassifier"):
        ReVAETransformer(callbacks=interrupted().callbacks).fit(X, y)


def test_checkpoint_of_a_fit_that_started_elsewhere_is_refused(
    interrupted, few_blobs, quick_classifier
):
    interrupted().fit(*few_blobs)
    earlier = quick_classifier(warm_start=True).fit(*few_blobs)
    for model, message in [
        (earlier, "the number of earlier epochs was 0 and is 2"),
        (quick_classifier(warm_start=True), "warm_start was False and is True"),
    ]:
        with pytest.raises(Killed):
            interrupted(die=True).fit(*few_blobs)
        model.set_params(callbacks=interrupted().callbacks)
        with pytest.raises(ValueError, match=message):
            model.fit(*few_blobs)


def test_refused_checkpoint_can_still_be_resumed(interrupted, few_blobs, path):
    with pytest.raises(ValueError, match="another fit"):
        interrupted(max_iter=7).fit(*few_blobs)
    assert interrupted().fit(*few_blobs).n_iter_ == 2


@pytest.mark.parametrize("content", [b"", b"text", b"PK\x03\x04 cut short"], ids=str)
def test_file_that_is_no_checkpoint_is_refused(
    content, quick_classifier, few_blobs, path
):
    path.write_bytes(content)
    with pytest.raises(ValueError, match="is not a checkpoint of this version"):
        quick_classifier(callbacks=[Checkpoint(path)]).fit(*few_blobs)
    assert path.read_bytes() == content


def test_model_file_is_not_a_checkpoint(quick_classifier, few_blobs, path, blobs_model):
    save(blobs_model, path)
    with pytest.raises(ValueError, match="is not a checkpoint of this version"):
        quick_classifier(callbacks=[Checkpoint(path)]).fit(*few_blobs)
    assert load(path).n_iter_ == blobs_model.n_iter_


def test_damaged_checkpoint_is_refused(interrupted, path):
    written = path.read_bytes()
    # torch reads most of these without an error, as other numbers.
    for place in np.linspace(0, len(written) - 1, 200, dtype=int):
        damaged = bytearray(written)
        damaged[place] ^= 1 << place % 8
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match="is damaged"):
            SavedTraining(Checkpoint(path))
    path.write_bytes(written)
    assert SavedTraining(Checkpoint(path)).seed is not None


def test_checkpoint_of_code_is_not_run(quick_classifier, few_blobs, path):
    file = io.BytesIO()
    torch.save({"format": Killed}, file)
    path.write_bytes(_checksum(file.getvalue()) + file.getvalue())
    with pytest.raises(ValueError, match="is not a checkpoint of this version"):
        quick_classifier(callbacks=[Checkpoint(path)]).fit(*few_blobs)


@pytest.mark.parametrize(
    ("name", "error", "message"),
    [
        ("in/it", FileNotFoundError, "Create it first"),
        (".", IsADirectoryError, "Pass the name of a file in it"),
        (None, TypeError, "path=None is of type NoneType"),
    ],
)
def test_path_is_checked_before_training(
    name, error, message, quick_classifier, few_blobs, tmp_path
):
    path = None if name is None else tmp_path / name
    with pytest.raises(error, match=message):
        quick_classifier(callbacks=[Checkpoint(path)]).fit(*few_blobs)


@pytest.mark.parametrize("every", [-1, "minute", None, float("nan"), True])
def test_every_must_be_seconds(every, quick_classifier, few_blobs, path):
    with pytest.raises(ValueError, match=r"every=.* must be a number of seconds"):
        quick_classifier(callbacks=[Checkpoint(path, every)]).fit(*few_blobs)


def test_two_checkpoints_are_refused(quick_classifier, few_blobs, path):
    with pytest.raises(ValueError, match="2 instances of Checkpoint"):
        quick_classifier(callbacks=[Checkpoint(path)] * 2).fit(*few_blobs)


def test_full_disk_does_not_end_the_training(
    quick_classifier, few_blobs, path, monkeypatch, same
):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    model = quick_classifier(callbacks=[Checkpoint(path, every=ALWAYS)])
    with pytest.warns(RuntimeWarning, match="could not be written") as warned:
        model.fit(*few_blobs)
    # It has been tried before every step.
    (warning,) = [w for w in warned if "No space left" in str(w.message)]
    assert warning.filename == __file__
    same(model, quick_classifier().fit(*few_blobs), few_blobs[0])
    assert os.listdir(path.parent) == []


def test_unseeded_fit_is_resumed_with_its_own_seed(
    quick_classifier, few_blobs, path, fit_with_interruptions, same
):
    X, y = few_blobs
    resumed, _ = fit_with_interruptions(lambda: quick_classifier(random_state=None), X, y)
    with mock.patch("sklearn_revae._base.draw_seed", return_value=resumed._seed):
        same(resumed, quick_classifier(random_state=None).fit(X, y), X)


def test_warm_start_is_resumed(
    few_blobs, quick_classifier, fit_with_interruptions, same, tmp_path
):
    X, y = few_blobs
    quick = {"max_iter": 4, "warm_start": True}
    save(quick_classifier(**quick).fit(X, y), tmp_path / "model")

    def make():
        return load(tmp_path / "model")

    resumed, _ = fit_with_interruptions(make, X, y)
    same(resumed, make().fit(X, y), X)
    assert resumed.n_iter_ == 8


def test_partial_fit_neither_reads_nor_writes_a_checkpoint(
    interrupted, few_blobs, path, quick_classifier
):
    before = path.read_bytes()
    interrupted(max_iter=9).partial_fit(*few_blobs, classes=[0, 1, 2])
    assert path.read_bytes() == before


def test_fit_in_a_thread_writes_a_checkpoint_but_leaves_signals_alone(
    few_blobs, quick_classifier, path, same
):
    handlers = []

    class Handler(Callback):
        def on_batch_end(self, net, **kwargs):
            handlers.append((signal.getsignal(signal.SIGTERM), path.exists()))

    before = signal.getsignal(signal.SIGTERM)
    model = quick_classifier(callbacks=[Checkpoint(path, every=ALWAYS), Handler()])
    with ThreadPoolExecutor(1) as pool:
        pool.submit(model.fit, *few_blobs).result()
    assert set(handlers) == {(before, True)}
    same(model, quick_classifier().fit(*few_blobs), few_blobs[0])
