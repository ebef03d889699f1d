"""Rows as dense arrays, a few at a time, and conversions between types of numbers."""

import numpy as np
import scipy.sparse

# Number of values that are converted at once.
_CHUNK_CELLS = 4_000_000


def dense(rows):
    """Rows as an ordinary array, of a sparse matrix or of stored rows too."""
    return rows.toarray() if scipy.sparse.issparse(rows) else np.asarray(rows)


def float_dtype(values):
    """Type of what is computed from `values`: float32 for small types, else float64.

    Single precision represents 16-bit integers exactly, and images are large.
    """
    dtype = np.dtype(values.dtype)
    return np.dtype(np.float32 if dtype.itemsize <= 2 or dtype == "f4" else np.float64)


def chunk_bounds(values):
    """Start and stop of runs of rows that are small enough to be converted at once."""
    n_rows, n_features = values.shape
    step = max(1, _CHUNK_CELLS // max(n_features, 1))
    # Only whole blocks: to read half a block, all of it is decompressed.
    block = getattr(values, "block_rows", None) or 1
    step = max(step // block, 1) * block
    return [(start, min(start + step, n_rows)) for start in range(0, n_rows, step)]


def chunks(values, columns=slice(None)):
    """Iterate over runs of rows, as dense arrays of the given columns in X's type."""
    for start, stop in chunk_bounds(values):
        yield dense(values[start:stop])[:, columns]


def range_of(dtype):
    """The smallest and the largest double that a type of integers can hold."""
    limits = np.iinfo(dtype)
    high = np.float64(limits.max)
    # The nearest double to 2**63 - 1 is 2**63, so take the one below it.
    return limits.min, high if int(high) <= limits.max else np.nextafter(high, 0.0)


def cast(values, dtype):
    """Values as `dtype`: clipped to its range, and rounded if it is an integer type."""
    if dtype.kind in "iu":
        return np.rint(values).clip(*range_of(dtype)).astype(dtype)
    if dtype.kind == "b":
        return values >= 0.5
    dtype = dtype if dtype.kind == "f" else np.dtype(np.float64)
    if dtype.itemsize < values.itemsize:
        limits = np.finfo(dtype)
        values = values.clip(limits.min, limits.max)
    return values.astype(dtype)
