"""Training rows, and batches that mix labelled and unlabelled rows."""

import contextlib
import math
from functools import cached_property

import torch
from torch.utils.data import Dataset

from sklearn_revae._model.label_model import observed
from sklearn_revae._training.cycles import BlockCycle, Cycle

# The smallest fraction of labelled rows in a batch.
LABELED_FRACTION = 0.25
# Number of lazy rows that are scaled at a time.
_PIECE = 2048


class Rows(Dataset):
    """Training rows, their labels and their weights, on one device.

    Parameters
    ----------
    x : tensor or LazyRows (n, n_features)
        Scaled rows.
    codes : long tensor (n, L)
        The code of each label, -1 where it is not observed.
    weight : tensor (n,)
        Sample weights, whose mean is one.
    left_out : long tensor (n,), optional
        The member that leaves out the labels of each row at first, see
        :mod:`~sklearn_revae._training.left_out`.
    """

    def __init__(self, x, codes, weight, left_out=None):
        self.x = x
        self.codes = codes
        self.weight = weight
        self.left_out = left_out

    def __len__(self):
        return len(self.x)

    def __getitem__(self, index):
        on_device = index.to(self.codes.device)
        # Lazy rows are not on the device yet.
        x = self.x[index if self.lazy else on_device]
        found = x, self.codes[on_device], self.weight[on_device]
        return found if self.left_out is None else (*found, self.left_out[on_device])

    @property
    def lazy(self):
        """Whether the rows are scaled when they are looked up."""
        return not isinstance(self.x, torch.Tensor)

    def to(self, device):
        """Return the same rows on `device`."""
        left_out = None if self.left_out is None else self.left_out.to(device)
        parts = (t.to(device) for t in (self.x, self.codes, self.weight))
        return Rows(*parts, left_out)

    def pieces(self):
        """Yield all of x in order: as a whole, or in pieces if the rows are lazy."""
        if self.lazy:
            for index in torch.arange(len(self)).split(_PIECE):
                yield self.x[index]
        else:
            yield self.x

    def keep(self):
        """Read lazy rows that are used repeatedly into memory, if they fit."""
        if self.lazy:
            self.x.keep(torch.arange(len(self)))

    def close(self):
        """End the threads in the background that read lazy rows."""
        if self.lazy:
            self.x.close()


class MixedBatches:
    """Batches of the same size with the same number of labelled rows, which come first.

    The fraction of labelled rows in a batch is :data:`LABELED_FRACTION`, or that of the
    data if it is larger; they are repeated evenly. An epoch passes over the unlabelled
    rows once, or over all rows if every row is labelled.

    Rows on a disk that do not fit into memory are shuffled in blocks, which are read
    ahead; see :class:`~sklearn_revae._training.cycles.BlockCycle`.

    Parameters
    ----------
    rows : Rows
        The data.
    batch_size : int
        Number of rows in a batch; at least two if there are rows of both kinds.
    generator : torch.Generator
        On the CPU; decides the order.
    n_done : int, default=0
        Number of batches that an interrupted training had taken already. The first
        iteration yields the batches after them that belong to the same epoch.
    share : callable, optional
        Takes the indices of the rows of a batch, and returns those of them to look up.
    """

    def __init__(self, rows, batch_size, generator, n_done=0, share=None):
        self.rows = rows
        self.n_done = n_done
        self.share = share
        labeled = observed(rows.codes).any(-1).cpu()
        pools = [labeled.nonzero().squeeze(1), (~labeled).nonzero().squeeze(1)]
        n_labeled, n_unlabeled = map(len, pools)
        if n_labeled and n_unlabeled:
            # Even the smallest batch holds rows of both kinds.
            batch_size = max(batch_size, 2)
            fraction = max(LABELED_FRACTION, n_labeled / len(rows))
            from_labeled = min(max(round(batch_size * fraction), 1), batch_size - 1)
        else:
            from_labeled = batch_size if n_labeled else 0
        self.generator = generator
        self._pools = pools
        self._counts = [from_labeled, batch_size - from_labeled]
        paced_by = 1 if n_unlabeled else 0
        self._length = math.ceil(len(pools[paced_by]) / self._counts[paced_by])
        self._start = n_done % self._length

    def __len__(self):
        return self._length

    @property
    def steps_per_labeled_pass(self):
        """Number of batches that hold each labelled row once; 0 if there is none."""
        n_labeled, in_batch = len(self._pools[0]), self._counts[0]
        return math.ceil(n_labeled / in_batch) if n_labeled else 0

    @cached_property
    def _draws(self):
        """The order of each pool, and how many of its rows are in a batch.

        Rows on a disk are read from here on.
        """
        draws = [
            (self._cycle(pool), count)
            for pool, count in zip(self._pools, self._counts, strict=True)
            if count
        ]
        with contextlib.ExitStack() as unread:
            for cycle, _ in draws:
                unread.enter_context(cycle.without_reading())
            # The cycles share the generator, so they take their turns as they did.
            for _ in range(self.n_done):
                for cycle, count in draws:
                    cycle.draw(count)
        return draws

    def _cycle(self, pool):
        x = self.rows.x
        if self.rows.lazy and not x.keep(pool):
            return BlockCycle(x, pool, self.generator)
        return Cycle(pool, self.generator)

    def __iter__(self):
        start, self._start = self._start, 0
        for _ in range(start, len(self)):
            index = torch.cat([cycle.draw(count) for cycle, count in self._draws])
            yield self.rows[index if self.share is None else self.share(index)]
