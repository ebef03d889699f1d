"""The order in which batches take rows: shuffled rounds without end."""

import contextlib
from collections import deque

import torch

# The rows of this many blocks are shuffled together. A batch then takes rows that are far
# apart, but lie in few blocks.
GROUP_BLOCKS = 8


class Cycle:
    """Indices of a pool in shuffled rounds: a round draws each of them once.

    Parameters
    ----------
    pool : tensor of int
        The indices.
    generator : torch.Generator
        On the CPU; decides the order.
    """

    def __init__(self, pool, generator):
        self.pool = pool
        self.generator = generator
        self.queue = pool[:0]

    def draw(self, n):
        """Return the next `n` indices."""
        while len(self.queue) < n:
            self.queue = torch.cat([self.queue, self._shuffled()])
        drawn, self.queue = self.queue[:n], self.queue[n:]
        return drawn

    def without_reading(self):
        """Context in which indices are drawn whose rows nobody looks up."""
        return contextlib.nullcontext()

    def _shuffled(self):
        """Indices to put at the end of the queue."""
        return self.pool[self._permutation(len(self.pool))]

    def _permutation(self, n):
        return torch.randperm(n, generator=self.generator)


class BlockCycle(Cycle):
    """Indices of rows on a disk, in shuffled rounds that read block after block.

    A round takes the blocks in random order, a group of them at a time, and shuffles the
    rows of a group. While rows of one group are drawn, the next group is read. At most
    three groups are in memory: a batch may take the end of one group and the beginning of
    the next, while a third is read.

    Parameters
    ----------
    rows : DiskRows
        The rows.
    pool : tensor of int
        Indices of rows, ascending.
    generator : torch.Generator
        On the CPU; decides the order.
    """

    def __init__(self, rows, pool, generator):
        super().__init__(pool, generator)
        self.rows = rows
        edges = torch.nonzero(torch.diff(pool // rows.block_rows)).squeeze(1) + 1
        self.blocks = torch.tensor_split(pool, edges)
        self._groups = self._loading_groups()
        self._next = None
        self._n_drawn = self._n_queued = 0
        self._in_use = deque()

    def _loading_groups(self):
        """Yield groups without end: their indices, shuffled, and the part being read."""
        while True:
            for group in self._permutation(len(self.blocks)).split(GROUP_BLOCKS):
                pool = torch.cat([self.blocks[block] for block in group.sort().values])
                shuffled = pool[self._permutation(len(pool))]
                yield shuffled, self.rows.load(pool.numpy())

    @contextlib.contextmanager
    def without_reading(self):
        """Context in which indices are drawn; what is needed next is read at its end."""
        rows, self.rows = self.rows, _Unread()
        yield
        self.rows = rows
        self._in_use = deque((stop, rows.load(pool)) for stop, pool in self._in_use)
        if self._next is not None:
            indices, pool = self._next
            self._next = indices, rows.load(pool)

    def draw(self, n):
        """Return the next `n` indices, whose rows stay in memory until the next draw."""
        while self._in_use and self._in_use[0][0] <= self._n_drawn:
            self.rows.drop(self._in_use.popleft()[1])
        self._n_drawn += n
        return super().draw(n)

    def _shuffled(self):
        indices, part = self._next or next(self._groups)
        self._n_queued += len(indices)
        self._in_use.append((self._n_queued, part))
        self._next = next(self._groups)
        return indices


class _Unread:
    """Stands for rows on a disk that are not read. A part of them is its indices."""

    def load(self, index):
        return index

    def drop(self, part):
        pass
