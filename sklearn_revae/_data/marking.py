"""Marking entries of y as unlabelled, without changing the type of the others."""

from numbers import Integral, Real

import numpy as np


def dtype_for(y, marker):
    """Return a dtype that represents the values of y and the marker exactly."""
    dtype = y.dtype
    is_number = isinstance(marker, Real) and not isinstance(marker, (bool, np.bool_))
    is_integer = is_number and isinstance(marker, Integral)
    if (dtype.kind == "f" and is_number) or (dtype.kind in "iu" and is_integer):
        if not isinstance(dtype, np.dtype) or dtype.kind == "f":
            # pandas' nullable integers raise if they cannot represent the marker.
            return dtype
        both = np.promote_types(dtype, np.min_scalar_type(marker))
        if both.kind == dtype.kind:
            return both
        # No integers of NumPy can represent all of uint64 and negative numbers.
        largest = max(marker, np.max(y, initial=0))
        return np.dtype(np.int64 if largest <= np.iinfo(np.int64).max else object)
    if isinstance(dtype, np.dtype) and dtype.kind == "U" and isinstance(marker, str):
        return np.promote_types(dtype, np.asarray(marker).dtype)
    return np.dtype(object)


def mark(y, kept, marker):
    """Return a copy of the array or Series `y` with the marker where it is not kept."""
    y = y.astype(dtype_for(y, marker))
    if hasattr(y, "iloc"):
        y.iloc[np.flatnonzero(~kept)] = marker
    else:
        y[~kept] = marker
    return y
