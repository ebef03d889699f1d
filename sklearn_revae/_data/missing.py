"""The one definition of a missing value: None, NaN, NaT and pandas' NA."""

from decimal import Decimal
from numbers import Number

import numpy as np


def is_missing(value):
    """Whether a single value is None, NaN, NaT or pandas' NA."""
    if isinstance(value, str):
        return False
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return True
    if isinstance(value, Decimal):
        # Comparing a signalling NaN, even with itself, raises.
        return value.is_nan()
    # NaN differs from itself. Other objects may answer a comparison with anything.
    return isinstance(value, (Number, np.generic)) and bool(value != value)


def where_missing(values):
    """Mask of the missing values in a one-dimensional array: an array of bool."""
    if values.dtype.kind in "fc":
        return np.isnan(values)
    if values.dtype.kind == "O":
        return np.fromiter(map(is_missing, values), dtype=bool, count=len(values))
    if values.dtype.kind in "Mm":
        return np.isnat(values)
    return np.zeros(len(values), dtype=bool)
