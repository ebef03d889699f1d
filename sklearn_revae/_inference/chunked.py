"""The module applied to many rows, a chunk at a time, without gradients."""

import copy
import math

import numpy as np
import torch

from sklearn_revae._torch_state import standard_settings

# Bounds the memory, whatever the number of rows, and whatever their width.
_MOST_ROWS = 2048
_MOST_CELLS = 2_000_000


def for_inference(module):
    """The module as :func:`apply` needs it, for who applies it many times.

    On the CPU a copy in double precision, elsewhere the module itself.
    """
    parameter = next(module.parameters())
    if parameter.device.type == "cpu" and parameter.dtype != torch.float64:
        module = copy.deepcopy(module).double()
    return module.eval()


@standard_settings()
@torch.no_grad()
def apply(module, function, *arrays, copies=1):
    """`function(module, *tensors)` over chunks of rows, put together again.

    On the CPU this runs in double precision: a row's result then depends neither on
    the rows beside it nor on the number of threads, to the last digit that matters.

    Parameters
    ----------
    module : ReVAE
        The fitted model; left as it is.
    function : callable
        Takes the module and a tensor for each array, returns a tensor of as many rows.
    *arrays : ndarray
        Of equal length.
    copies : int, default=1
        How many times a row's width its result has: fewer rows are taken at once.

    Returns
    -------
    ndarray
        The results, in order.
    """
    module = for_inference(module)
    parameter = next(module.parameters())
    device, dtype = parameter.device, parameter.dtype
    results = []
    width = math.prod(arrays[0].shape[1:]) * copies
    step = max(1, min(_MOST_ROWS, _MOST_CELLS // max(width, 1)))
    for start in range(0, max(len(arrays[0]), 1), step):
        # Copies: torch warns of memory that may not be written to.
        tensors = [
            torch.from_numpy(np.array(a[start : start + step], order="C")) for a in arrays
        ]
        # Not every device knows double precision: convert before the move.
        tensors = [t.to(dtype) if t.is_floating_point() else t for t in tensors]
        tensors = [t.to(device) for t in tensors]
        results.append(function(module, *tensors).cpu().numpy())
    return np.concatenate(results).astype(np.float64, copy=False)
