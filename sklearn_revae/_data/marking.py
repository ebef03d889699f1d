"""Marking entries of y as unlabelled, without changing the type of the others."""

from numbers import Integral, Real

import numpy as np


def dtype_for(dtype, marker):
    """Return a dtype that represents both values of `dtype` and the marker exactly."""
    is_number = isinstance(marker, Real) and not isinstance(marker, (bool, np.bool_))
    is_integer = is_number and isinstance(marker, Integral)
    if (dtype.kind == "f" and is_number) or (dtype.kind in "iu" and is_integer):
        if not isinstance(dtype, np.dtype) or dtype.kind == "f":
            # pandas' nullable integers raise if they cannot represent the marker.
            return dtype
        # NumPy may promote unsigned together with signed integers to floats.
        signed = dtype if dtype.kind == "i" else np.dtype(np.int64)
        return np.promote_types(signed, np.min_scalar_type(marker))
    if isinstance(dtype, np.dtype) and dtype.kind == "U" and isinstance(marker, str):
        return np.promote_types(dtype, np.asarray(marker).dtype)
    return np.dtype(object)


def mark(y, kept, marker):
    """Return a copy of the array or Series `y` with the marker where it is not kept."""
    y = y.astype(dtype_for(y.dtype, marker))
    if hasattr(y, "iloc"):
        y.iloc[np.flatnonzero(~kept)] = marker
    else:
        y[~kept] = marker
    return y
