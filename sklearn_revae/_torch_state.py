"""torch's settings for a whole process or thread, which fits and predictions leave alone.

Some of torch's settings act on all code that runs later: the default dtype and device,
whether gradients are recorded, automatic mixed precision, the number of threads and how
subnormal numbers are computed with. What a model learns and predicts does not depend on
them, and it does not change them.
"""

import contextlib
import os
import threading
from concurrent.futures import ThreadPoolExecutor

import torch

# Devices that torch.autocast may have been turned on for.
_AUTOCAST_DEVICES = ("cpu", "cuda", "mps", "xpu")


@contextlib.contextmanager
def standard_settings():
    """Run a block under the settings that torch starts with; gradients are recorded."""
    with contextlib.ExitStack() as settings, _single_precision:
        if torch.get_default_device().type != "cpu":
            settings.enter_context(torch.device("cpu"))
        for device_type in _AUTOCAST_DEVICES:
            if torch.is_autocast_enabled(device_type):
                settings.enter_context(torch.autocast(device_type, enabled=False))
        if torch.is_inference_mode_enabled():
            settings.enter_context(torch.inference_mode(False))
        if not torch.is_grad_enabled():
            settings.enter_context(torch.enable_grad())
        yield


class _SinglePrecision:
    """Context in which torch's default dtype is float32.

    All threads share this setting. The first one that enters the context remembers the
    dtype that it finds, and the last one that leaves the context sets it again.
    """

    def __init__(self):
        self._lock = threading.Lock()
        self._n_inside = 0

    def __enter__(self):
        with self._lock:
            if self._n_inside == 0:
                self._found = torch.get_default_dtype()
                torch.set_default_dtype(torch.float32)
            self._n_inside += 1

    def __exit__(self, *_):
        with self._lock:
            self._n_inside -= 1
            if self._n_inside == 0:
                torch.set_default_dtype(self._found)


@contextlib.contextmanager
def one_thread():
    """Run a block with torch on one thread, in this Python thread only."""
    found = torch.get_num_threads()
    if found == 1:
        yield
        return
    _set_own_number_of_threads(1)
    try:
        yield
    finally:
        _set_own_number_of_threads(found)


@contextlib.contextmanager
def without_subnormals():
    """Run a block in which numbers of less than 1.2e-38 are zero, in this thread only.

    Processors compute with such numbers ten times as slowly as with others, and the
    optimizer's averages of tiny squared gradients are full of them.
    """
    # torch has no function that returns the present setting.
    found = (torch.full((1,), 1e-40, dtype=torch.float32) * 1.0).item() == 0.0
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(found)


def _set_own_number_of_threads(number):
    """Set how many threads torch uses in this Python thread, and in no other one.

    torch.set_num_threads also sets the number that later Python threads start with. That
    number is read, and set again, in a new thread, whose own number does not matter.
    """
    with _setting_threads, ThreadPoolExecutor(1) as new_thread:
        of_later_threads = new_thread.submit(torch.get_num_threads).result()
        torch.set_num_threads(number)
        new_thread.submit(torch.set_num_threads, of_later_threads).result()


@contextlib.contextmanager
def seeded_global_generators(seed, device="cpu"):
    """Seed torch's global generators for a block, and restore their states at its end.

    Layers such as Dropout draw from these generators, and cannot be given others. As all
    threads share them, only one thread at a time can be in such a block.

    Parameters
    ----------
    seed : int
        The seed of the generators.
    device : torch.device or str
        Where the block computes: the generator of this device is seeded, if it is a CUDA
        device, and that of the CPU.
    """
    device = torch.device(device)
    on_cuda = device.type == "cuda"
    with _seeding_generators, torch.random.fork_rng([device] if on_cuda else []):
        # torch.manual_seed would seed the generators of all devices.
        torch.default_generator.manual_seed(seed)
        if on_cuda:
            with torch.cuda.device(device):
                torch.cuda.manual_seed(seed)
        yield


def _new_locks():
    """Make the locks, which nobody holds, and the context that is based on one."""
    global _single_precision, _setting_threads, _seeding_generators
    _single_precision = _SinglePrecision()
    _setting_threads = threading.Lock()
    # A callback of one fit may run another fit.
    _seeding_generators = threading.RLock()


def _after_fork():
    """Make torch compute on one thread in a forked process.

    Only the thread that forked exists in the new process. torch would wait for ever for
    the other threads of OpenMP, and for threads that held a lock.
    """
    _new_locks()
    torch.set_num_threads(1)


_new_locks()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
