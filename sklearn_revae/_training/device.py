"""Where training runs."""

import contextlib

import torch

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


@contextlib.contextmanager
def fitting_threads(n_cells):
    """One thread while training on small data, the present number else.

    Steps of a millisecond lose more to waiting than threads gain; measured beside one
    other busy process, two threads took nine times as long as one.
    """
    before = torch.get_num_threads()
    if n_cells < LARGE:
        torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
