"""The state of an interrupted training: written to a file, and continued from it."""

import copy
import hashlib
import io
import os
import signal
import threading
import time
from collections import OrderedDict
from contextlib import suppress
from pathlib import Path

import numpy as np
import torch
from skorch.callbacks import Callback

from sklearn_revae._files import as_path, permissions, replace_file
from sklearn_revae._warning import warn_user

_FORMAT = "sklearn_revae checkpoint 1"
# Names of the seed and of a checksum of the weights among the entries of an identity.
SEED = "the seed that random_state gives"
WEIGHTS = "the initial state of the networks"
_CHECKSUM_BYTES = hashlib.sha256().digest_size
# What the net counts, and the weights that it restarts from.
_COUNTERS = ("restarts_", "bad_steps_", "steps_", "good_step_", "has_stepped_")


class SavedTraining:
    """The file of a :class:`Checkpoint` during one fit.

    As a context manager, it holds SIGTERM back until the state has been written.

    Parameters
    ----------
    checkpoint : Checkpoint
        Where and when to write.
    writes : bool, default=True
        Whether this process writes the file, and not only reads it.
    """

    def __init__(self, checkpoint, writes=True):
        self.writes = writes
        self.path = Path(os.path.abspath(as_path(checkpoint.path)))
        self.every = checkpoint.every
        self._identity = {}
        self._parts = {}
        self._found = None
        self._ended = self._warned = False
        self._last_write = time.monotonic()
        if permissions(self.path) is not None:
            self._found = self._read()

    def _read(self):
        written = self.path.read_bytes()
        checksum, data = written[:_CHECKSUM_BYTES], written[_CHECKSUM_BYTES:]
        try:
            if _checksum(data) != checksum:
                raise ValueError("its checksum is another one")
            content = torch.load(io.BytesIO(data), weights_only=True)
            if content["format"] != _FORMAT:
                raise ValueError(f"its format is {content['format']!r}")
        except Exception as error:
            # The parser may raise anything for bytes that torch.save did not write.
            raise ValueError(
                f"{str(self.path)!r} is not a checkpoint of this version, or is damaged "
                f"({type(error).__name__}). Remove the file, or choose another path for "
                "the Checkpoint."
            ) from error
        return content

    @property
    def seed(self):
        """The seed of the interrupted training; None if there was none."""
        return None if self._found is None else self._found["identity"][SEED]

    @property
    def position(self):
        """What the file holds, as text that differs from file to file."""
        parts = {} if self._found is None else self._found["parts"]
        return str([(name, parts[name]["counters"]) for name in parts])

    def begin(self, identity):
        """Resume the training of the file, if there is one.

        Parameters
        ----------
        identity : dict
            Data and parameters, by name: strings and numbers. They have to be those of
            the interrupted training.

        Raises
        ------
        ValueError
            If any of them is another one.
        """
        self._identity = identity
        if self._found is None:
            return
        earlier = self._found["identity"]
        other = [
            name
            for name in dict.fromkeys([*earlier, *identity])
            if earlier.get(name) != identity.get(name)
        ]
        # The initial weights depend on everything else.
        other = [name for name in other if name != WEIGHTS] or other
        differences = [difference(n, earlier.get(n), identity.get(n)) for n in other]
        if differences:
            raise ValueError(
                f"The checkpoint {str(self.path)!r} belongs to another fit: "
                f"{'; '.join(differences)}. Pass the same data and parameters to resume "
                "that fit. To start a new one, remove the file or choose another path."
            )
        self._parts = self._found["parts"]
        self._found = None

    def is_due(self):
        """Whether the state should be written now."""
        return self._ended or time.monotonic() - self._last_write >= self.every

    def write(self, name, state):
        """Write the state of a part, and of those before it; then end if requested."""
        self._parts[name] = state
        if self.writes:
            self._write()
        self._last_write = time.monotonic()
        if self._ended:
            self._pass_on()

    def _write(self):
        content = {"format": _FORMAT, "identity": self._identity, "parts": self._parts}
        file = io.BytesIO()
        torch.save(content, file)
        data = file.getvalue()
        try:
            replace_file(self.path, _checksum(data) + data, f"{self.path.name}.tmp")
        except OSError as error:
            if self._warned:
                return
            self._warned = True
            warn_user(
                f"The checkpoint {str(self.path)!r} could not be written ({error}). "
                "Training continues without it.",
                RuntimeWarning,
            )

    def keep(self, name, state):
        """Keep the state of a part that has ended, for the next time that it is due."""
        self._parts[name] = copy.deepcopy(state)
        if self.is_due():
            self.write(name, self._parts[name])

    def remove(self):
        """Remove the file, at the end of the fit."""
        if not self.writes:
            return
        for path in (self.path, self.path.with_name(f"{self.path.name}.tmp")):
            with suppress(OSError):
                path.unlink()

    def __enter__(self):
        self._present = signal.getsignal(signal.SIGTERM)
        in_main_thread = threading.current_thread() is threading.main_thread()
        # None is a handler that Python did not set, and cannot call.
        self._catches = in_main_thread and self._present not in (None, signal.SIG_IGN)
        if self._catches:
            signal.signal(signal.SIGTERM, self._end)
        return self

    def __exit__(self, *_):
        if not self._catches:
            return
        # A callback may have set a handler of its own, which then stays.
        if signal.getsignal(signal.SIGTERM) == self._end:
            signal.signal(signal.SIGTERM, self._present)
        if self._ended:
            signal.raise_signal(signal.SIGTERM)

    def _end(self, *_):
        self._ended = True

    def _pass_on(self):
        """Let SIGTERM do what it does otherwise, and go on if the process still runs."""
        self._ended = False
        signal.signal(signal.SIGTERM, self._present)
        signal.raise_signal(signal.SIGTERM)
        signal.signal(signal.SIGTERM, self._end)


class SavedPart(Callback):
    """The state of one net, to resume from and to save. A training has one or two nets.

    It has to come before the user's own callbacks.

    Parameters
    ----------
    training : SavedTraining
        The file.
    name : str
        Name of the part.
    device : torch.device or None
        The device, if modules draw from torch's global generators.
    """

    def __init__(self, training, name, device):
        self.training = training
        self.name = name
        self.state = training._parts.get(name)
        self.device = device
        self._unfinished = None

    def resume(self, net, n_epochs):
        """Put the net into the saved state; return how many epochs remain."""
        state, self.state = self.state, None
        if state is None:
            return n_epochs
        net.module_.load_state_dict(state["module"])
        net.optimizer_.load_state_dict(state["optimizer"])
        net.good_state_ = state["good"]
        for name in _COUNTERS:
            setattr(net, name, state["counters"][name])
        net.criterion_.load_state_dict(state["criterion"])
        net.criterion_.step = state["criterion_step"]
        net.criterion_.generator.set_state(state["noise"])
        self._set_global_states(state["global"])
        net.history.extend(state["history"])
        _load_callbacks(net, state["callbacks"])
        if state["is_done"]:
            return 0
        self._unfinished = state
        return n_epochs - len(net.history)

    def on_batch_begin(self, net, training=False, **kwargs):
        """Write the state before a step, if that is due."""
        unfinished, self._unfinished = self._unfinished, None
        if unfinished is not None:
            # The callbacks have begun a new epoch, but this one goes on. skorch has
            # added an entry for the new batch.
            net.history[-1]["batches"][:0] = unfinished["batches"]
            _load_callbacks(net, unfinished["callbacks"])
        if self.training.is_due():
            self.training.write(self.name, self._state(net, is_done=False))

    def finish(self, net):
        """Keep the state after the last step."""
        self.training.keep(self.name, self._state(net, is_done=True))

    def _state(self, net, is_done):
        finished = net.history if is_done else net.history[:-1]
        batches = [] if is_done else net.history[-1]["batches"][:-1]
        return {
            "is_done": is_done,
            "module": net.module_.state_dict(),
            "optimizer": net.optimizer_.state_dict(),
            "good": net.good_state_,
            "counters": {name: getattr(net, name) for name in _COUNTERS},
            "criterion": net.criterion_.state_dict(),
            "criterion_step": net.criterion_.step,
            "noise": net.criterion_.generator.get_state(),
            "global": self._global_states(),
            # There may be many batches of earlier epochs, and nobody needs them.
            "history": [_plain_entries(dict(epoch, batches=[])) for epoch in finished],
            "batches": [_plain_entries(batch) for batch in batches],
            "callbacks": {name: _state_of(c) for name, c in net.callbacks_},
        }

    def _global_states(self):
        if self.device is None:
            return []
        on_cuda = self.device.type == "cuda"
        of_device = [torch.cuda.get_rng_state(self.device)] if on_cuda else []
        return [torch.default_generator.get_state(), *of_device]

    def _set_global_states(self, states):
        for state, of_device in zip(states, (False, True), strict=False):
            if of_device:
                torch.cuda.set_rng_state(state, self.device)
            else:
                torch.default_generator.set_state(state)


def _checksum(data):
    """What precedes the state in a file: torch does not notice all damages."""
    return hashlib.sha256(data).digest()


def difference(name, earlier, now):
    """What an error says of an entry of an identity that is another one."""
    if now is None or str(now).startswith("checksum "):
        return f"{name} is another one"
    return f"{name} was {earlier} and is {now}"


def _state_of(callback):
    """The state of a callback, of types that a file can hold without pickled code."""
    if hasattr(callback, "state_dict"):
        return _plain(callback.state_dict())
    named = {k: v for k, v in vars(callback).items() if k.endswith("_")}
    stateful = {
        name: value.state_dict()
        for name, value in named.items()
        if hasattr(value, "state_dict") and not isinstance(value, type)
    }
    return {
        "attributes": _plain_entries(named),
        "of_attributes": _plain_entries(stateful),
    }


def _load_callbacks(net, states):
    for name, callback in net.callbacks_:
        state = copy.deepcopy(states.get(name))
        if state is None:
            continue
        if hasattr(callback, "load_state_dict"):
            callback.load_state_dict(state)
            continue
        vars(callback).update(state["attributes"])
        for attribute, of_attribute in state["of_attributes"].items():
            getattr(callback, attribute).load_state_dict(of_attribute)


def _plain_entries(entries):
    """The entries of a dict that a file can hold."""
    plain = {}
    for name, value in entries.items():
        with suppress(TypeError):
            plain[name] = _plain(value)
    return plain


def _plain(value):
    """Return a value with NumPy's scalars as Python's numbers.

    Raises
    ------
    TypeError
        If it holds anything but numbers, strings, tensors, and lists and dicts of these.
    """
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or type(value) in (bool, int, float, str, torch.Tensor):
        return value
    if type(value) in (list, tuple):
        return type(value)(_plain(entry) for entry in value)
    if type(value) in (dict, OrderedDict):
        return type(value)((_plain(k), _plain(v)) for k, v in value.items())
    raise TypeError(f"a {type(value).__name__} cannot be written to a file")
