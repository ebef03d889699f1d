"""Rows held on the device, and batches that mix labelled and unlabelled ones."""

import math

import torch
from torch.utils.data import Dataset

# The share of each batch that labelled rows fill while they are fewer than that.
LABELED_SHARE = 0.25


class Rows(Dataset):
    """Training rows as tensors on one device.

    Parameters
    ----------
    x : tensor (n, n_features)
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
        return self.x[index], self.codes[index], self.weight[index]

    def to(self, device):
        """Return the same rows on `device`."""
        return Rows(*(t.to(device) for t in (self.x, self.codes, self.weight)))


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
        counts = [from_labeled, batch_size - from_labeled]
        self._draws = [
            (_Cycle(pool, generator), count)
            for pool, count in zip(pools, counts, strict=True)
            if count
        ]
        paced_by = 1 if n_unlabeled else 0
        self._length = math.ceil(len(pools[paced_by]) / counts[paced_by])

    def __len__(self):
        return self._length

    def __iter__(self):
        for _ in range(len(self)):
            index = torch.cat([cycle.draw(count) for cycle, count in self._draws])
            yield self.rows[index.to(self.rows.x.device)]
