"""Where training runs."""

import torch

# Cells of X from which a GPU's arithmetic outweighs the launches of small kernels.
GPU_WORTHWHILE_CELLS = 10_000_000


def resolve_device(device, n_cells):
    """Torch device of a request; "auto" is CUDA, then MPS, then the CPU.

    With "auto" data of fewer cells than :data:`GPU_WORTHWHILE_CELLS` stays on the CPU.

    Raises
    ------
    ValueError
        If `device` is no torch device.
    """
    if device != "auto":
        try:
            return torch.device(device)
        except RuntimeError as error:
            raise ValueError(
                f"device={device!r} is not a torch device: write 'auto', 'cpu', "
                "'cuda', 'cuda:1' or 'mps'."
            ) from error
    if n_cells >= GPU_WORTHWHILE_CELLS:
        if torch.cuda.is_available():
            return torch.device("cuda")
        if torch.backends.mps.is_available():
            return torch.device("mps")
    return torch.device("cpu")
