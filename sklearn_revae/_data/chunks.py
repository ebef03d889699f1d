"""Numbers in memory: rows made dense a few at a time, and precision."""

import numpy as np
import scipy.sparse

_CHUNK_CELLS = 4_000_000


def dense(rows):
    """Rows as an ordinary array: those of a sparse matrix get their zeros."""
    return rows.toarray() if scipy.sparse.issparse(rows) else np.asarray(rows)


def float_dtype(values):
    """Precision answers about `values` come in: double, but single for small types.

    Single precision holds 16-bit integers exactly, and images are large.
    """
    dtype = np.dtype(values.dtype)
    return np.dtype(np.float32 if dtype.itemsize <= 2 or dtype == "f4" else np.float64)


def chunk_bounds(values):
    """Start and stop of runs of rows that are small enough to be converted at once."""
    n_rows, n_features = values.shape
    step = max(1, _CHUNK_CELLS // max(n_features, 1))
    # Whole blocks of what is stored: half of one is decompressed as a whole.
    block = getattr(values, "block_rows", None) or 1
    step = max(step // block, 1) * block
    return [(start, min(start + step, n_rows)) for start in range(0, n_rows, step)]


def chunks(values, columns=slice(None)):
    """Dense runs of rows, of the given columns and of X's own type."""
    for start, stop in chunk_bounds(values):
        yield dense(values[start:stop])[:, columns]


def cast(values, dtype):
    """Values as `dtype`: clipped to its range, and rounded if it is an integer type."""
    if dtype.kind in "iu":
        limits = np.iinfo(dtype)
        high = np.float64(limits.max)
        # 2**63 - 1 is not a double: take the next one below it.
        high = high if int(high) <= limits.max else np.nextafter(high, 0.0)
        return np.rint(values).clip(limits.min, high).astype(dtype)
    if dtype.kind == "b":
        return values >= 0.5
    dtype = dtype if dtype.kind == "f" else np.dtype(np.float64)
    if dtype.itemsize < values.itemsize:
        limits = np.finfo(dtype)
        values = values.clip(limits.min, limits.max)
    return values.astype(dtype)
