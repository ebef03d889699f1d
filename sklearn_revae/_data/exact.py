"""Numbers that float64 does not represent exactly, so that conversions change them."""

import numpy as np
import scipy.sparse

from sklearn_revae._data.missing import is_missing
from sklearn_revae._data.storage import Stored

# The next integer, 2**53 + 1, is equal to this one in float64.
_LARGEST = 2**53


def are_exact(numbers, cells):
    """Whether the floats `numbers` equal the objects that they were made from."""
    pairs = zip(numbers.tolist(), cells, strict=True)
    # Python compares a float with an integer, a Decimal or a Fraction exactly.
    return all(is_missing(cell) or number == cell for number, cell in pairs)


def holds_large_integers(X):
    """Whether X is an array in memory with integers that float64 may not represent."""
    if isinstance(X, Stored) or scipy.sparse.issparse(X):
        return False
    X = np.asarray(X)
    return X.ndim == 2 and X.dtype.kind in "iu" and len(large_columns(X)) > 0


def large_columns(values):
    """Positions of columns with numbers so large that integers may not be exact."""
    if values.dtype.itemsize < 8 or len(values) == 0:
        return []
    ends = np.stack([np.fmin.reduce(values, axis=0), np.fmax.reduce(values, axis=0)])
    # As floats, because the smallest integer has no absolute value among integers.
    largest = np.fmax.reduce(np.abs(ends.astype(np.float64)), axis=0)
    return np.flatnonzero(largest >= _LARGEST).tolist()
