"""A bounded random sample of the rows that training has seen."""

import math

import numpy as np
import scipy.sparse

from sklearn_revae._data.chunks import dense

# Bounds the memory of the sample, but never to fewer than the smallest useful number.
_MOST_ROWS = 4000
_MOST_CELLS = 1_000_000
_FEWEST_ROWS = 100


class Reservoir:
    """A uniform random sample of all rows that were added, of bounded size.

    Every row gets a random key, and the rows with the smallest keys stay. A pickle holds
    only the number of rows that were added, because rows would make it large.

    Parameters
    ----------
    n_lost : int or float, default=0
        Number of rows that were seen before and are not in the sample; infinity if it is
        not known.

    Attributes
    ----------
    rows : ndarray or CSR matrix (n, n_features), or None
        The sample in X's own units, in the order in which the rows were added.
    n_seen : int or float
        Number of rows that were seen, those that are lost included.
    """

    def __init__(self, n_lost=0):
        self.n_lost = self.n_seen = n_lost
        self.rows, self._keys = None, np.empty(0)

    @property
    def is_representative(self):
        """Whether the sample is at least as large as the one that was lost."""
        if self.rows is None:
            return False
        return self.rows.shape[0] >= min(self.n_lost, _capacity(self.rows.shape[1]))

    def with_rows(self, values, seed):
        """Return the reservoir with the rows of `values` added; `seed` decides the keys.

        Parameters
        ----------
        values : ndarray, CSR matrix or Stored (n, n_features)
            Rows in X's own units. Only those that enter the sample are read.
        seed : int
            Seed of the keys.
        """
        n_rows, n_features = values.shape
        n_old, capacity = len(self._keys), _capacity(n_features)
        keys = np.concatenate(
            [self._keys, np.random.RandomState(seed).random_sample(n_rows)]
        )
        kept = np.arange(len(keys))
        if len(keys) > capacity:
            kept = np.sort(np.argpartition(keys, capacity)[:capacity])
        old, new = kept[kept < n_old], kept[kept >= n_old] - n_old
        result = Reservoir(self.n_lost)
        result.n_seen = self.n_seen + n_rows
        result._keys = keys[kept]
        result.rows = self.rows
        if len(new):
            added = values[new]
            result.rows = added if n_old == 0 else _stacked(self.rows[old], added)
        return result

    def __getstate__(self):
        """State without the rows."""
        return {"n_seen": self.n_seen}

    def __setstate__(self, state):
        """Restore a state of `__getstate__`: all rows are lost."""
        self.__init__(state["n_seen"])


def _capacity(n_features):
    """Largest number of rows in a sample."""
    return min(_MOST_ROWS, max(_FEWEST_ROWS, math.ceil(_MOST_CELLS / n_features)))


def _stacked(first, second):
    if scipy.sparse.issparse(first) and scipy.sparse.issparse(second):
        return scipy.sparse.vstack([first, second], format="csr")
    return np.concatenate([dense(first), dense(second)])
