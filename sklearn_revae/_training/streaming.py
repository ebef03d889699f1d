"""Rows that are converted when a batch asks for them, and read ahead from the disk."""

import math
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
import torch

# Pools of rows up to this size are read once and kept, in the type they are stored in.
KEPT_BYTES = 2**28
# Rows of so many blocks are mixed: a batch's rows lie in few blocks, yet far apart.
GROUP_BLOCKS = 8
# Blocks that are read at the same time, while a step is taken.
_READERS = 2


class LazyRows:
    """Scaled rows (n, n_features) on a device, made of others when asked for.

    Stands where a tensor of them would. These rows are in memory; for those that are
    not, see :class:`DiskRows`.

    Parameters
    ----------
    values : ndarray or sparse matrix (n, n_features)
        Rows in X's units.
    convert : callable
        Scales some of them, to an array of single precision.
    device : torch.device
        Where they come to lie.
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
        """Hold these rows in memory, if they are not too many; return whether."""
        return True

    def close(self):
        """Let go of what was read, and of the threads that did it."""


class DiskRows(LazyRows):
    """Rows that are read from a disk, in blocks, by threads of their own.

    What :meth:`load` was asked for is read in the background, and found in memory from
    then on; all else is read when it is asked for.

    Parameters
    ----------
    values : object
        Has `shape`, `dtype`, `block_rows` and rows by an array of indices.
    convert, device
        As those of :class:`LazyRows`.
    """

    def __init__(self, values, convert, device="cpu"):
        super().__init__(values, convert, device)
        self._parts = []
        self._readers = None

    @property
    def block_rows(self):
        """Number of rows that are best read together."""
        return self.values.block_rows

    def load(self, index):
        """Start to read the rows at `index`, ascending; a part to :meth:`drop` later."""
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
        """Read these rows, once and for all, if they are not too many."""
        size = len(index) * self.shape[1] * self.values.dtype.itemsize
        if size <= KEPT_BYTES:
            self.load(index.cpu().numpy())
        return size <= KEPT_BYTES

    def _read(self, index):
        rows = np.empty((len(index), self.shape[1]), self.values.dtype)
        missing = np.ones(len(index), dtype=bool)
        for part in self._parts:
            places, found = part.find(index)
            if found.any():
                part.wait()
                rows[found] = part.rows[places[found]]
                missing &= ~found
        if missing.any():
            rows[missing] = self.values[index[missing]]
        return rows

    def close(self):
        """Let go of what was read, and of the threads that did it."""
        readers, self._readers = self._readers, None
        self._parts.clear()
        if readers is not None:
            readers.shutdown(cancel_futures=True)


class _Part:
    """Rows at `index`, ascending, in memory as soon as the jobs are done."""

    def __init__(self, index, rows):
        self.index = index
        self.rows = rows
        self.jobs = []

    def wait(self):
        for job in self.jobs:
            job.result()
        self.jobs.clear()

    def find(self, index):
        """Places of rows among these, and whether they are there at all."""
        places = self.index.searchsorted(index).clip(max=len(self.index) - 1)
        return places, self.index[places] == index


def make_lazy(values, convert, device):
    """:class:`DiskRows` of values that are best read in blocks, else LazyRows."""
    on_disk = getattr(values, "block_rows", None) is not None
    return (DiskRows if on_disk else LazyRows)(values, convert, device)


class BlockCycle:
    """Indices of a pool in shuffled rounds that pass block after block.

    A round takes the blocks in random order, a group of them at a time, and mixes the
    group's rows. While the rows of one group are drawn, the next group is read: what is
    in memory are three groups at most, where a batch takes the end of one and the
    beginning of another.

    Parameters
    ----------
    rows : DiskRows
        What the indices are of.
    pool : tensor of int
        The indices, ascending.
    generator : torch.Generator
        On the CPU; decides the order.
    """

    def __init__(self, rows, pool, generator):
        self.rows = rows
        self.generator = generator
        edges = torch.nonzero(torch.diff(pool // rows.block_rows)).squeeze(1) + 1
        self.blocks = torch.tensor_split(pool, edges)
        self.queue = pool[:0]
        self._groups = self._loading_groups()
        self._next = None
        self._n_drawn = self._n_queued = 0
        self._in_use = deque()

    def _loading_groups(self):
        """Groups without end, each of them being read: its rows, mixed, and its part."""
        while True:
            order = torch.randperm(len(self.blocks), generator=self.generator)
            for group in order.split(GROUP_BLOCKS):
                pool = torch.cat([self.blocks[block] for block in group.sort().values])
                mixed = torch.randperm(len(pool), generator=self.generator)
                yield pool[mixed], self.rows.load(pool.numpy())

    def draw(self, n):
        """Return the next `n` indices, whose rows stay in memory up to the next draw."""
        while self._in_use and self._in_use[0][0] <= self._n_drawn:
            self.rows.drop(self._in_use.popleft()[1])
        while len(self.queue) < n:
            mixed, part = self._next or next(self._groups)
            self.queue = torch.cat([self.queue, mixed])
            self._n_queued += len(mixed)
            self._in_use.append((self._n_queued, part))
            self._next = next(self._groups)
        drawn, self.queue = self.queue[:n], self.queue[n:]
        self._n_drawn += n
        return drawn
