"""Applies the module to many samples, one chunk at a time and without gradients."""

import math
import weakref
from operator import attrgetter
from typing import NamedTuple

import numpy as np
import torch

from sklearn_revae._model.copies import copied
from sklearn_revae._torch_state import standard_settings

# The largest chunk: these bound the memory for many samples, and for wide ones.
_MOST_ROWS = 2048
_MOST_CELLS = 2_000_000

# For each module the copy with which it predicts. Copying takes longer than predicting a
# few samples.
_PREPARED: weakref.WeakKeyDictionary = weakref.WeakKeyDictionary()


class _Prepared(NamedTuple):
    """A copy of a module, and the tensors of that module as they were copied."""

    copied: list[torch.Tensor]
    version: int
    module: torch.nn.Module

    def is_current(self):
        """Whether no tensor has been changed in place since it was copied."""
        return _version(self.copied) == self.version


def _version(tensors):
    """Number of times that any of the tensors has been changed in place."""
    return sum(map(attrgetter("_version"), tensors))


def _some_parameter(module):
    """A parameter that every model has; to search for one takes a small model long."""
    return module.label_model.means


def _doubled(tensor):
    """A parameter or a buffer in double precision."""
    double = tensor.detach().double()
    if isinstance(tensor, torch.nn.Parameter):
        return torch.nn.Parameter(double, tensor.requires_grad)
    return double


def for_inference(module):
    """Prepare a module for :func:`apply`, which does so if its caller has not.

    Returns a copy in double precision if the module is on the CPU, else the module.
    """
    parameter = _some_parameter(module)
    if parameter.device.type != "cpu" or parameter.dtype == torch.float64:
        return module.eval()
    prepared = _PREPARED.get(module)
    if prepared is None or not prepared.is_current():
        # Masks and indices never change.
        tensors = [*module.parameters(), *module.buffers()]
        tensors = [tensor for tensor in tensors if tensor.is_floating_point()]
        version = _version(tensors)
        # `deepcopy` takes these for the copies of the tensors.
        doubled = {id(tensor): _doubled(tensor) for tensor in tensors}
        double = copied(module, doubled).eval()
        # The originals keep no reference to the module, which can then be freed.
        tensors = [tensor.detach() for tensor in tensors]
        double.stack()
        prepared = _PREPARED[module] = _Prepared(tensors, version, double)
    return prepared.module


@standard_settings()
@torch.no_grad()
def apply(module, function, *arrays, copies=1):
    """Call `function(module, *tensors)` on chunks of rows and join the results.

    On the CPU this is done in double precision. Rounding is then too small for the result
    of a row to depend noticeably on the other rows or on the number of threads.

    Parameters
    ----------
    module : ReVAE
        The fitted module; it is not changed.
    function : callable
        Takes the module and a tensor for each of `arrays`, and returns a tensor with as
        many rows.
    *arrays : ndarray
        Arrays of equal length.
    copies : int, default=1
        How many times as wide as a row its result is. Chunks are smaller accordingly.

    Returns
    -------
    ndarray of float64
        The results, in the order of the rows.
    """
    module = for_inference(module)
    parameter = _some_parameter(module)
    device, dtype = parameter.device, parameter.dtype
    results, done = None, 0
    width = math.prod(arrays[0].shape[1:]) * copies
    step = max(1, min(_MOST_ROWS, _MOST_CELLS // max(width, 1)))
    for parts in _chunks(arrays, step):
        tensors = [torch.from_numpy(part) for part in parts]
        # Not every device has double precision: convert before the move.
        tensors = [t.to(dtype) if t.is_floating_point() else t for t in tensors]
        tensors = [t.to(device) for t in tensors]
        found = function(module, *tensors).cpu().numpy()
        if results is None:
            results = np.empty((len(arrays[0]), *found.shape[1:]))
        results[done : done + len(found)] = found
        done += len(found)
    return results


def _chunks(arrays, step):
    """Yield runs of at most `step` rows of arrays, as lists of new arrays.

    Rows that are stored in larger chunks are read a chunk at a time: to read a part of a
    chunk, most libraries decompress or compute all of it.
    """
    block = max(step, getattr(arrays[0], "chunk_rows", 1))
    for first in range(0, max(len(arrays[0]), 1), block):
        read = [array[first : first + block] for array in arrays]
        for start in range(0, max(len(read[0]), 1), step):
            # Copies, as torch warns of memory that is read-only.
            yield [np.array(rows[start : start + step], order="C") for rows in read]
