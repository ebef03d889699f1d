"""Names, pairs and scalars in arguments, which may be given in any container."""

from collections.abc import Hashable, Iterable, Mapping, Set

import numpy as np


def listed(given, argument, names=()):
    """Names or positions that an argument gives, one or several, as a list.

    Parameters
    ----------
    given : object
        A name or a position, or an iterable of these.
    argument : str
        The argument, for the message.
    names : list, optional
        Known names. A tuple among them is one name, not several.

    Raises
    ------
    ValueError
        For a mapping, a mask of bools, and anything nested.
    """
    given = as_scalar(given)
    if not holds_several(given) or (isinstance(given, tuple) and given in names):
        return [given]
    found = [] if isinstance(given, Mapping) else [as_scalar(name) for name in given]
    nested = any(not isinstance(name, Hashable) for name in found)
    if isinstance(given, Mapping) or nested:
        raise ValueError(
            f"{argument} must be a name or an index, or a flat list of these, got "
            f"{shortened(given)}."
        )
    if found and all(isinstance(name, (bool, np.bool_)) for name in found):
        raise ValueError(
            f"{argument} is a mask of bools: pass names or indices instead, for example "
            "numpy.flatnonzero(mask)."
        )
    return found


def as_scalar(value):
    """The element of an array or a tensor without axes; every other value as it is."""
    has_no_axes = getattr(value, "ndim", None) == 0 and not isinstance(value, np.generic)
    return value.item() if has_no_axes else value


def holds_several(given):
    """Whether an argument is an iterable of names, not a single name."""
    return isinstance(given, Iterable) and not isinstance(given, (str, bytes))


def as_pair(values):
    """The two elements of a list, an array or the like; None if it is not a pair."""
    if isinstance(values, (str, bytes, Set, Mapping)):
        return None
    if hasattr(values, "to_numpy"):
        values = values.to_numpy()
    try:
        pair = [as_scalar(value) for value in values]
    except TypeError:
        return None
    return pair if len(pair) == 2 else None


def shortened(value):
    """How messages write a value that may be a large table."""
    written = repr(value)
    if len(written) <= 100 and "\n" not in written:
        return written
    shape = f" and shape {value.shape}" if hasattr(value, "shape") else ""
    return f"an object of type {type(value).__name__}{shape}"
