"""A callback ends a training run without an error, Ctrl-C with its exception."""

import signal
from concurrent.futures import ThreadPoolExecutor

import pytest
from skorch.callbacks import Callback, EarlyStopping

from sklearn_revae._training.callbacks import StopTraining


@pytest.fixture
def rows(small):
    return small.rows(4, 28)


class _Stop(Callback):
    """Stops training from the hook `name`, in the way that skorch documents."""

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
    """Presses Ctrl-C while a callback runs."""

    def on_epoch_end(self, net, **kwargs):
        signal.raise_signal(signal.SIGINT)


def test_interrupt_inside_the_module_is_raised(small, rows):
    stacked = small.stacked()

    def interrupt(*args):
        raise KeyboardInterrupt

    stacked.decoder.register_forward_hook(interrupt)
    ended = _Ended()
    net = small.net(stacked, small.loss(), [("ended", ended)])
    with pytest.raises(KeyboardInterrupt):
        net.train(rows, 5)
    assert ended.n_ends == 1


@pytest.fixture
def default_handler():
    """Python's own handler of Ctrl-C, however the tests were started."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_ctrl_c_while_a_callback_runs_is_raised(small, rows, default_handler):
    net = small.net(small.module(), small.loss(), [("ctrl_c", _CtrlC())])
    with pytest.raises(KeyboardInterrupt):
        net.train(rows, 5)


@pytest.mark.parametrize(
    ("hook", "n_steps"),
    [("on_batch_begin", 0), ("on_batch_end", 1), ("on_epoch_end", 4)],
)
def test_callback_that_raises_keyboard_interrupt_ends_training(
    small, rows, hook, n_steps
):
    ended, spy = _Ended(), small.Spy()
    callbacks = [("spy", spy), ("stop", _Stop(hook)), ("ended", ended)]
    net = small.net(small.module(), small.loss(), callbacks)
    assert net.train(rows, 5) is net
    assert ended.n_ends == 1
    assert len(spy.after) == n_steps


def test_skorchs_early_stopping_ends_training(small, rows):
    # No epoch improves by that much, so that the first one stays the best.
    stopping = EarlyStopping(
        "train_loss", patience=2, threshold=1e6, threshold_mode="abs", sink=lambda _: None
    )
    net = small.net(small.module(), small.loss(), [("stopping", stopping)])
    net.train(rows, 20)
    assert len(net.history) == 3


def test_stop_training_ends_training(small, rows):
    class Stop(Callback):
        def on_epoch_end(self, net, **kwargs):
            raise StopTraining

    ended = _Ended()
    callbacks = [("stop", Stop()), ("ended", ended)]
    net = small.net(small.module(), small.loss(), callbacks)
    net.train(rows, 5)
    assert len(net.history) == 1
    assert ended.n_ends == 1


def test_interrupt_before_the_first_epoch_is_raised(small, rows):
    net = small.net(small.module(), small.loss(), [("stop", _Stop("on_train_begin"))])
    with pytest.raises(KeyboardInterrupt):
        net.train(rows, 5)


def test_handler_of_ctrl_c_is_put_back(small, rows):
    calls = []

    def own_handler(signum, frame):
        calls.append(signum)

    before = signal.signal(signal.SIGINT, own_handler)
    try:
        # This handler does not raise, and training goes on.
        net = small.net(small.module(), small.loss(), [("ctrl_c", _CtrlC())])
        net.train(rows, 2)
        assert signal.getsignal(signal.SIGINT) is own_handler
    finally:
        signal.signal(signal.SIGINT, before)
    assert calls == [signal.SIGINT] * 2
    assert len(net.history) == 2


def test_callback_may_set_a_handler_that_stays(small, rows, default_handler):
    def own_handler(signum, frame):
        pass

    class SetHandler(Callback):
        def on_epoch_end(self, net, **kwargs):
            signal.signal(signal.SIGINT, own_handler)

    net = small.net(small.module(), small.loss(), [("handler", SetHandler())])
    net.train(rows, 1)
    assert signal.getsignal(signal.SIGINT) is own_handler


def test_training_in_a_thread_can_be_stopped_by_a_callback(small, rows):
    net = small.net(small.module(), small.loss(), [("stop", _Stop("on_epoch_end"))])
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(net.train, rows, 5).result() is net
    assert len(net.history) == 1
