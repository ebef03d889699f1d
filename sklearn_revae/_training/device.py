"""Where training runs, and on how many threads."""

import contextlib

import torch

from sklearn_revae._torch_state import one_thread

# Cells of X from which a GPU's arithmetic outweighs the launches of small kernels, and
# a second CPU thread the waiting of threads for one another.
LARGE = 10_000_000


def resolve_device(device, n_cells):
    """Torch device of a request; "auto" is CUDA, then MPS, then the CPU.

    With "auto" data of fewer cells than :data:`LARGE` stays on the CPU.

    Raises
    ------
    ValueError
        If `device` is no torch device, or this machine has none such.
    """
    if device != "auto":
        try:
            chosen = torch.device(device)
            torch.empty(0, device=chosen)
        except (RuntimeError, AssertionError, NotImplementedError) as error:
            raise ValueError(
                f"device={device!r} is no torch device of this machine ({error}): write "
                "'auto', 'cpu', or one that is there, such as 'cuda:0' or 'mps'."
            ) from error
        return chosen
    if n_cells >= LARGE:
        if torch.cuda.is_available():
            return torch.device("cuda")
        if torch.backends.mps.is_available():
            return torch.device("mps")
    return torch.device("cpu")


def fitting_threads(n_cells):
    """Context in which torch trains on one thread if the data is small.

    A training step then takes about a millisecond, of which threads lose more by waiting
    for one another than they gain: beside another busy process, two threads took nine
    times as long as one.
    """
    return one_thread() if n_cells < LARGE else contextlib.nullcontext()
