"""Copies of modules."""

import copy
from collections import OrderedDict


def copied(module, known=None):
    """Return what `copy.deepcopy` returns, in about half the time for a small module.

    Parameters
    ----------
    module : torch.nn.Module
        The module to copy.
    known : dict, optional
        What is to stand for objects in the copy, by their `id`.

    Returns
    -------
    torch.nn.Module
        The copy.
    """
    known = {} if known is None else known
    # Every module has ten containers of hooks. `deepcopy` takes long for those without
    # any, too.
    for part in module.modules():
        for value in vars(part).values():
            if type(value) in (OrderedDict, set) and not value:
                known[id(value)] = type(value)()
    return copy.deepcopy(module, known)
