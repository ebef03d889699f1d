"""Rows that need not be held in memory: the base class, and when rows are streamed.

:class:`Stored` makes stored arrays, data sets and folders of pictures look alike: rows of
numbers that are read when a slice or an array of indices selects them.
"""

import math
from collections.abc import Iterator

import numpy as np
import scipy.sparse
from sklearn.utils.random import sample_without_replacement
from torch.utils.data import DataLoader, IterableDataset

# If X takes more bytes than this in single precision, rows are converted batch by batch.
LARGEST_COPY = 2**30
# Rows are read in runs of about this many bytes.
BLOCK_BYTES = 2**22
# It is faster to read this many bytes that nobody needs than to start a second read.
_GAP_BYTES = 2**16


class Stored:
    """Rows (n, n_features) that are read when they are indexed.

    Subclasses define `_read`, and `_read_each` if they can select single rows faster.

    Parameters
    ----------
    shape : tuple
        (n,) followed by the shape of one row. A row with several axes is a picture.
    dtype : dtype
        Type of the numbers.

    Attributes
    ----------
    shape : tuple
        (n, n_features).
    image_shape : tuple or None
        Shape of the pictures that the rows are; None if they are not pictures.
    block_rows : int or None
        Number of rows that are best read together; None where it makes no difference.
    chunk_rows : int
        Number of rows that are read if one is.

    Raises
    ------
    ValueError
        If there are no rows or no columns, or if the values are not numbers.
    """

    # Whether it is faster to convert all rows at once, if they are few enough.
    convert_at_once = False
    chunk_rows = 1

    def __init__(self, shape, dtype):
        if len(shape) < 2:
            raise ValueError(
                f"X must hold rows of numbers, of shape (n_samples, n_features), or "
                f"pictures, got an array of shape {tuple(shape)}."
            )
        if 0 in shape:
            raise ValueError(
                f"X must have at least one row and one column, got shape {tuple(shape)}."
            )
        kind = getattr(dtype, "kind", "O")
        if kind not in "iufb":
            raise ValueError(
                f"Stored rows must be numbers, but X holds values of type {dtype}. Pass "
                "columns with categories as a data frame."
            )
        self.shape = (int(shape[0]), math.prod(shape[1:]))
        self.image_shape = None if len(shape) == 2 else tuple(map(int, shape[1:]))
        self.dtype = np.dtype(dtype)
        self.block_rows = max(1, BLOCK_BYTES // self.row_bytes)
        self._gap_rows = max(1, _GAP_BYTES // self.row_bytes)

    @property
    def row_bytes(self):
        """Size of a row in bytes."""
        return self.shape[1] * self.dtype.itemsize

    def __len__(self):
        return self.shape[0]

    def __getitem__(self, index):
        if isinstance(index, slice):
            start, stop, step = index.indices(len(self))
            if step == 1:
                return self._flat(self._read(start, max(start, stop)))
            index = np.arange(start, stop, step)
        return self._flat(self._read_each(np.asarray(index)))

    def __array__(self, dtype=None, copy=None):
        return np.asarray(self[:], dtype=dtype)

    def _flat(self, rows):
        """Rows as an array (n, n_features), pictures included."""
        return np.asarray(rows).reshape(-1, self.shape[1])

    def _read(self, start, stop):
        """Rows from `start` up to `stop`, of any shape (stop - start, ...)."""
        raise NotImplementedError

    def _read_each(self, index):
        """Rows at `index`, an array of integers in any order."""
        ordered, places = np.unique(index, return_inverse=True)
        rows = np.empty((len(ordered), self.shape[1]), self.dtype)
        far = np.diff(ordered) > self._gap_rows
        # However close its rows are, no run is longer than a block.
        breaks = np.flatnonzero(far | (np.diff(ordered // self.block_rows) > 0)) + 1
        for run in np.split(np.arange(len(ordered)), breaks):
            if len(run):
                first = ordered[run[0]]
                read = self._flat(self._read(first, ordered[run[-1]] + 1))
                rows[run] = read[ordered[run] - first]
        return rows[places]


class SomeRows(Stored):
    """Some of the rows of another array or :class:`Stored`, without a copy.

    Parameters
    ----------
    values : Stored or ndarray
        All rows.
    index : ndarray of int
        The positions of the selected rows, ascending.
    """

    def __init__(self, values, index):
        super().__init__((len(index), *values.shape[1:]), values.dtype)
        self.values = values
        self.index = index
        self.block_rows = getattr(values, "block_rows", None)

    def _read(self, start, stop):
        return self.values[self.index[start:stop]]

    def _read_each(self, index):
        return self.values[self.index[index]]


def is_stream(X):
    """Whether the rows of X can be read only once, in an order that X chooses."""
    return isinstance(X, (Iterator, IterableDataset, DataLoader))


def streams(values):
    """Whether rows are converted batch by batch, and never all at once."""
    if scipy.sparse.issparse(values):
        return True
    if isinstance(values, Stored) and not values.convert_at_once:
        return True
    return math.prod(values.shape) * np.dtype(np.float32).itemsize > LARGEST_COPY


def sample_rows(values, n_rows, random_state):
    """At most `n_rows` random rows without replacement, in their order."""
    n_all = values.shape[0]
    index = sample_without_replacement(
        n_all, min(n_rows, n_all), random_state=random_state
    )
    return rows_at(values, np.sort(index))


def rows_at(values, index):
    """Rows at an ascending `index`: a copy, or a view if a copy would be large."""
    if streams(values) and not scipy.sparse.issparse(values):
        return SomeRows(values, index)
    return values[index]
