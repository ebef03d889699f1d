"""Rows that are scaled when a batch takes them, and read ahead if they are on a disk."""

import math
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
import torch

# Rows that take no more memory than this, in the type that they are stored in, are read
# once and kept.
KEPT_BYTES = 2**28
# Number of blocks that are read at the same time, in the background.
_READERS = 2


class LazyRows:
    """Rows in memory that are scaled, and moved to a device, when they are looked up.

    They can take the place of a tensor of scaled rows (n, n_features).
    :class:`DiskRows` does the same for rows on a disk.

    Parameters
    ----------
    values : ndarray or sparse matrix (n, n_features)
        The rows, in the units of X.
    convert : callable
        Function that scales some of the rows, and returns them in single precision.
    device : torch.device
        The device of the scaled rows.
    """

    dtype = torch.float32

    def __init__(self, values, convert, device="cpu"):
        self.values = values
        self.convert = convert
        self.device = torch.device(device)

    @property
    def shape(self):
        """(n, n_features)."""
        return self.values.shape

    def numel(self):
        """Number of cells."""
        return math.prod(self.shape)

    def __len__(self):
        return self.shape[0]

    def __getitem__(self, index):
        rows = self.convert(self._read(index.cpu().numpy()))
        return torch.from_numpy(rows).to(self.device)

    def _read(self, index):
        return self.values[index]

    def to(self, device):
        """Return the same rows on `device`."""
        return type(self)(self.values, self.convert, device)

    def keep(self, index):
        """Keep these rows in memory if there are not too many; return whether it did."""
        return True

    def close(self):
        """Forget the rows that were read, and end the threads that read them."""


class DiskRows(LazyRows):
    """Rows on a disk that are scaled when they are looked up, and can be read ahead.

    Threads in the background read the rows that :meth:`load` requests, which are then in
    memory. All other rows are read when they are looked up.

    Parameters
    ----------
    values : object
        The rows, in the units of X. It has `shape`, `dtype` and `block_rows`, and returns
        the rows at an array of indices.
    convert, device
        As for :class:`LazyRows`.
    """

    def __init__(self, values, convert, device="cpu"):
        super().__init__(values, convert, device)
        self._parts = []
        self._readers = None

    @property
    def block_rows(self):
        """Number of rows in a block, which is best read as a whole."""
        return self.values.block_rows

    def load(self, index):
        """Start to read the rows at `index`, ascending, in the background.

        Returns the part of the rows, to :meth:`drop` when it is no longer needed.
        """
        if self._readers is None:
            self._readers = ThreadPoolExecutor(_READERS, "sklearn_revae_reader")
        part = _Part(index, np.empty((len(index), self.shape[1]), self.values.dtype))
        edges = np.flatnonzero(np.diff(index // self.block_rows)) + 1
        part.jobs = [
            self._readers.submit(self._fill, part, start, stop)
            for start, stop in pairwise([0, *edges.tolist(), len(index)])
        ]
        self._parts.append(part)
        return part

    def _fill(self, part, start, stop):
        part.rows[start:stop] = self.values[part.index[start:stop]]

    def drop(self, part):
        """Forget the rows of a part."""
        self._parts.remove(part)

    def keep(self, index):
        """Start to read these rows and keep them, if there are not too many."""
        size = len(index) * self.shape[1] * self.values.dtype.itemsize
        if size <= KEPT_BYTES:
            self.load(index.cpu().numpy())
        return size <= KEPT_BYTES

    def _read(self, index):
        rows = np.empty((len(index), self.shape[1]), self.values.dtype)
        unread = np.ones(len(index), dtype=bool)
        for part in self._parts:
            positions, found = part.find(index)
            if found.any():
                part.wait()
                rows[found] = part.rows[positions[found]]
                unread &= ~found
        if unread.any():
            rows[unread] = self.values[index[unread]]
        return rows

    def close(self):
        """Forget the rows that were read, and end the threads that read them."""
        readers, self._readers = self._readers, None
        self._parts.clear()
        if readers is not None:
            readers.shutdown(cancel_futures=True)


class _Part:
    """Rows at `index`, ascending. They are in memory when the jobs are done."""

    def __init__(self, index, rows):
        self.index = index
        self.rows = rows
        self.jobs = []

    def wait(self):
        """Return when the jobs are done, or raise the error of one."""
        for job in self.jobs:
            job.result()
        self.jobs.clear()

    def find(self, index):
        """Positions of rows in this part, and whether it contains them."""
        positions = self.index.searchsorted(index).clip(max=len(self.index) - 1)
        return positions, self.index[positions] == index


def make_lazy(values, convert):
    """Return :class:`DiskRows` if the values are stored in blocks, else LazyRows."""
    on_disk = getattr(values, "block_rows", None) is not None
    return (DiskRows if on_disk else LazyRows)(values, convert)
