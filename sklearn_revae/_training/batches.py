"""Training rows, and batches that mix labelled and unlabelled ones."""

import math
from functools import cached_property

import torch
from torch.utils.data import Dataset

from sklearn_revae._training.streaming import BlockCycle

# The share of each batch that labelled rows fill while they are fewer than that.
LABELED_SHARE = 0.25
# Bounds what is converted at once of rows that are not on the device as a whole.
_PIECE = 2048


class Rows(Dataset):
    """Training rows on one device.

    Parameters
    ----------
    x : tensor or LazyRows (n, n_features)
        Scaled rows.
    codes : long tensor (n, L)
        Label codes, -1 where unobserved.
    weight : tensor (n,)
        Sample weights of mean one.
    """

    def __init__(self, x, codes, weight):
        self.x = x
        self.codes = codes
        self.weight = weight

    def __len__(self):
        return len(self.x)

    def __getitem__(self, index):
        here = index.to(self.codes.device)
        # Lazy rows are looked up off the device.
        x = self.x[index if self.lazy else here]
        return x, self.codes[here], self.weight[here]

    @property
    def lazy(self):
        """Whether the rows are converted when they are asked for."""
        return not isinstance(self.x, torch.Tensor)

    def to(self, device):
        """Return the same rows on `device`."""
        return Rows(*(t.to(device) for t in (self.x, self.codes, self.weight)))

    def pieces(self):
        """All of x in order: as it is, or lazy rows a run at a time."""
        if self.lazy:
            for run in torch.arange(len(self)).split(_PIECE):
                yield self.x[run]
        else:
            yield self.x

    def keep(self):
        """Read lazy rows that are used over and over into memory, if they fit."""
        if self.lazy:
            self.x.keep(torch.arange(len(self)))

    def close(self):
        """End what lazy rows have going on in the background."""
        if self.lazy:
            self.x.close()


class _Cycle:
    """Indices of a pool in shuffled rounds: each comes once before any comes twice."""

    def __init__(self, pool, generator):
        self.pool = pool
        self.generator = generator
        self.queue = pool[:0]

    def draw(self, n):
        while len(self.queue) < n:
            order = torch.randperm(len(self.pool), generator=self.generator)
            self.queue = torch.cat([self.queue, self.pool[order]])
        drawn, self.queue = self.queue[:n], self.queue[n:]
        return drawn


class MixedBatches:
    """Batches of one size, each with the same number of labelled rows, labelled first.

    Labelled rows fill :data:`LABELED_SHARE` of a batch, or their share of the data
    where that is larger, and are repeated evenly. An epoch passes the unlabelled rows
    once (all rows, if every row is labelled).

    Rows on a disk that are too many to be kept are shuffled in blocks, which are read
    ahead; see :class:`~sklearn_revae._training.streaming.BlockCycle`.

    Parameters
    ----------
    rows : Rows
        The data.
    batch_size : int
        Rows a batch; at least two where there are rows of both kinds.
    generator : torch.Generator
        On the CPU; decides the order.
    """

    def __init__(self, rows, batch_size, generator):
        self.rows = rows
        labeled = (rows.codes >= 0).any(-1).cpu()
        pools = [labeled.nonzero().squeeze(1), (~labeled).nonzero().squeeze(1)]
        n_labeled, n_unlabeled = map(len, pools)
        if n_labeled and n_unlabeled:
            # Both kinds in every batch, however small it is.
            batch_size = max(batch_size, 2)
            share = max(LABELED_SHARE, n_labeled / len(rows))
            from_labeled = min(max(round(batch_size * share), 1), batch_size - 1)
        else:
            from_labeled = batch_size if n_labeled else 0
        self.generator = generator
        self._pools = pools
        self._counts = [from_labeled, batch_size - from_labeled]
        paced_by = 1 if n_unlabeled else 0
        self._length = math.ceil(len(pools[paced_by]) / self._counts[paced_by])

    def __len__(self):
        return self._length

    @cached_property
    def _draws(self):
        """Each pool's order, and how many of it a batch takes; reading begins here."""
        return [
            (self._cycle(pool), count)
            for pool, count in zip(self._pools, self._counts, strict=True)
            if count
        ]

    def _cycle(self, pool):
        x = self.rows.x
        if self.rows.lazy and not x.keep(pool):
            return BlockCycle(x, pool, self.generator)
        return _Cycle(pool, self.generator)

    def __iter__(self):
        for _ in range(len(self)):
            index = torch.cat([cycle.draw(count) for cycle, count in self._draws])
            yield self.rows[index]
