"""Who may end a training run: callbacks quietly, the keyboard with its exception."""

import signal

import pytest
from skorch.callbacks import Callback, EarlyStopping


@pytest.fixture
def rows(small):
    return small.rows(4, 28)


class _Stop(Callback):
    """Stops training from the hook `name`, skorch's way."""

    def __init__(self, name):
        setattr(self, name, self._stop)

    def _stop(self, *args, **kwargs):
        raise KeyboardInterrupt


class _Ended(Callback):
    """Counts the ends of training."""

    n_ends = 0

    def on_train_end(self, net, **kwargs):
        self.n_ends += 1


class _CtrlC(Callback):
    """Has Ctrl-C arrive while a callback runs."""

    def on_epoch_end(self, net, **kwargs):
        signal.raise_signal(signal.SIGINT)


def test_interrupt_inside_the_module_comes_through(small, rows):
    module = small.module()

    def interrupt(*args):
        raise KeyboardInterrupt

    module.decoder.register_forward_hook(interrupt)
    ended = _Ended()
    net = small.net(module, small.loss(), [("ended", ended)])
    with pytest.raises(KeyboardInterrupt):
        net.train(rows, 5)
    assert ended.n_ends == 1


@pytest.fixture
def pythons_own_ctrl_c():
    """Python's handler, whatever the tests were started with."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_ctrl_c_while_a_callback_runs_comes_through(small, rows, pythons_own_ctrl_c):
    net = small.net(small.module(), small.loss(), [("ctrl_c", _CtrlC())])
    with pytest.raises(KeyboardInterrupt):
        net.train(rows, 5)


@pytest.mark.parametrize(
    ("hook", "n_steps"),
    [("on_batch_begin", 0), ("on_batch_end", 1), ("on_epoch_end", 4)],
)
def test_callback_that_raises_it_ends_training(small, rows, hook, n_steps):
    ended, spy = _Ended(), small.Spy()
    callbacks = [("spy", spy), ("stop", _Stop(hook)), ("ended", ended)]
    net = small.net(small.module(), small.loss(), callbacks)
    assert net.train(rows, 5) is net
    assert ended.n_ends == 1
    assert len(spy.after) == n_steps


def test_skorchs_early_stopping_ends_training(small, rows):
    # Nothing improves by that much: the first epoch stays the best.
    stopping = EarlyStopping(
        "train_loss", patience=2, threshold=1e6, threshold_mode="abs", sink=lambda _: None
    )
    net = small.net(small.module(), small.loss(), [("stopping", stopping)])
    net.train(rows, 20)
    assert len(net.history) == 3
