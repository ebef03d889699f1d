"""Where training runs, and on how many threads."""

import contextlib
import re

import torch

from sklearn_revae._torch_state import one_thread

# Data of fewer cells, samples times features, is trained on the CPU and on one thread: a
# training step is then so short that starting a GPU's kernels, or waiting for a second
# thread, takes longer than it saves.
LARGE = 10_000_000


def resolve_device(device, n_cells):
    """Choose the torch device on which a model is trained.

    Parameters
    ----------
    device : str or torch.device
        The device; "auto" is CUDA, else MPS, else the CPU, and always the CPU for data of
        fewer than :data:`LARGE` cells.
    n_cells : int
        Number of cells of X.

    Raises
    ------
    ValueError
        If torch does not know the device, or this machine does not have it.
    """
    if device == "auto":
        return _automatic_device() if n_cells >= LARGE else torch.device("cpu")
    try:
        chosen = torch.device(device)
    except RuntimeError as error:
        raise ValueError(
            f"device={device!r} is not the name of a torch device. {_advice()}"
        ) from error
    try:
        # The device "meta" has no data that could be read.
        torch.empty(0, device=chosen).cpu()
    except (RuntimeError, AssertionError, NotImplementedError, ImportError) as error:
        # torch's first sentence; the others list devices, or how to debug CUDA.
        reason = re.split(r"\.\s|\n", str(error))[0].rstrip(".")
        raise ValueError(
            f"device={device!r} is not available on this machine ({reason}). {_advice()}"
        ) from error
    return chosen


def _automatic_device():
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


def _advice():
    """Sentence that names the devices of this machine."""
    names = ["cpu", *(f"cuda:{index}" for index in range(torch.cuda.device_count()))]
    if torch.backends.mps.is_available():
        names.append("mps")
    listed = ", ".join(repr(name) for name in names)
    return f"Pass 'auto' or a device of this machine: {listed}."


def fitting_threads(n_cells):
    """Context in which torch trains on one thread if the data is small.

    Its steps take about a millisecond. Beside another busy process, two threads took nine
    times as long as one.
    """
    return one_thread() if n_cells < LARGE else contextlib.nullcontext()
