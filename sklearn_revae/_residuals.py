"""What the decoder's errors say of one another: columns it leaves correlated.

Given z the columns are independent in the model, and in truth not quite. Where some
values of a row are known, their errors tell of the errors of the missing ones, by a
linear rule learned on values that are hidden from the encoder on purpose.
"""

import numpy as np

from sklearn_revae._inference import apply
from sklearn_revae._stored import streams

# So many columns at most: the rule holds their square, and solves for each row.
MOST_COLUMNS = 256
_MOST_ROWS = 4000
# Values are hidden anew in so many rows in all, each row a number of times.
_ROWS_IN_ALL = 30_000
_HIDDEN_SHARE = 0.2
# Ridge on the known errors, in their own variances; chosen on breast_cancer, satimage.
_RIDGE = 0.3
_CHUNK_CELLS = 2_000_000


def learn_residuals(module, values, columns, seed):
    """:class:`Residuals` of a trained module, or None where there is no such rule.

    There is none for rows that are read while training goes on, nor for many columns.

    Parameters
    ----------
    module : ReVAE
        The module.
    values : ndarray, sparse matrix or stored rows (n, n_features)
        Training rows in X's units.
    columns : Columns
        How to scale them, and which are continuous.
    seed : int
        Decides what is hidden.
    """
    continuous = np.flatnonzero(columns.unbounded())
    if not 2 <= len(continuous) <= MOST_COLUMNS or streams(values):
        return None
    step = -(-values.shape[0] // _MOST_ROWS)
    x = columns.to_model(values[::step], np.float64)
    return Residuals().fit(module, x, continuous, seed)


def decoded_rows(module, x):
    """E[x|z] at the posterior's mean, of scaled rows: (n, n_features)."""
    return apply(module, lambda m, rows: m.expected_row(m.encode(rows)[0]), x)


class Residuals:
    """Linear rule from the errors of known values to those of missing ones.

    Attributes
    ----------
    columns_ : ndarray of int (m,)
        The columns it is of: those of continuous families.
    known_ : ndarray (m, m)
        Covariance of errors the encoder sees the values of, with a ridge.
    hidden_to_known_, hidden_ : ndarray (m, m)
        Covariance of errors of values it does not see with those, and of each other.
    """

    def fit(self, module, x, columns, seed):
        """Learn the rule from scaled rows `x` (n, n_features), NaN where missing.

        `columns` are those to learn of, and `seed` decides which values are hidden.
        """
        self.columns_ = columns
        random = np.random.RandomState(seed)
        there = ~np.isnan(x)
        sums = np.zeros((3, len(columns), len(columns)))
        counts = np.zeros_like(sums)
        for _ in range(max(4, min(_ROWS_IN_ALL // len(x), 50))):
            hidden = there & (random.random_sample(x.shape) < _HIDDEN_SHARE)
            seen = there & ~hidden
            decoded = decoded_rows(module, np.where(seen, x, np.nan))
            errors = np.where(there, x - decoded, 0.0)[:, columns]
            parts = hidden[:, columns], seen[:, columns]
            for place, (a, b) in enumerate([(0, 0), (0, 1), (1, 1)]):
                sums[place] += (errors * parts[a]).T @ (errors * parts[b])
                counts[place] += parts[a].astype(float).T @ parts[b]
        hidden, hidden_to_known, known = sums / np.maximum(counts, 1.0)
        known = _positive(known)
        self.hidden_, self.hidden_to_known_ = _positive(hidden), hidden_to_known
        self.known_ = known + _RIDGE * np.diag(np.diag(known))
        return self

    def correct(self, x, decoded, n_draws=None, random=None):
        """`decoded` with the errors expected of its missing values, given the known.

        Parameters
        ----------
        x : ndarray (n, n_features)
            Scaled rows, NaN where missing.
        decoded : ndarray (n, n_features)
            What they decode to.
        n_draws : int, optional
            Draw the errors so many times instead: (n, n_draws, n_features).
        random : RandomState
            Source of the draws.
        """
        result = decoded.copy()
        if n_draws is not None:
            result = np.repeat(decoded[:, None], n_draws, axis=1)
        width = len(self.columns_)
        step = max(1, _CHUNK_CELLS // max(width**2, 1))
        for start in range(0, len(x), step):
            rows = slice(start, start + step)
            known = ~np.isnan(x[rows][:, self.columns_])
            errors = np.where(known, (x - decoded)[rows][:, self.columns_], 0.0)
            system = self._system(known)
            # One right side a row: a whole linear map takes four times as long.
            weights = np.linalg.solve(system, errors[..., None])[..., 0]
            mean = weights @ self.hidden_to_known_.T
            if n_draws is None:
                result[rows, self.columns_] += np.where(known, 0.0, mean)
                continue
            noise = self._noise(known, system, n_draws, random)
            added = np.where(known[:, None], 0.0, mean[:, None] + noise)
            result[rows][..., self.columns_] += added
        return result

    def _system(self, known):
        """Covariances (n, m, m) of the known errors; the identity's for the others."""
        both = known[:, :, None] & known[:, None, :]
        system = np.where(both, self.known_, 0.0)
        diagonal = np.arange(len(self.columns_))
        system[:, diagonal, diagonal] += ~known
        return system

    def _noise(self, known, system, n_draws, random):
        """Draws (n, n_draws, m) of what the known errors do not tell."""
        right = np.where(known[:, :, None], self.hidden_to_known_.T, 0.0)
        gain = np.linalg.solve(system, right).transpose(0, 2, 1)
        told = gain @ self.hidden_to_known_.T
        left = self.hidden_ - 0.5 * (told + told.transpose(0, 2, 1))
        missing = ~known
        left = np.where(missing[:, :, None] & missing[:, None, :], left, 0.0)
        values, vectors = np.linalg.eigh(left)
        root = vectors * np.sqrt(values.clip(0.0))[:, None]
        normal = random.standard_normal((len(known), n_draws, len(self.columns_)))
        return normal @ root.transpose(0, 2, 1)


def _positive(covariance):
    """Nearest covariance without directions of next to no, or negative, variance."""
    values, vectors = np.linalg.eigh(0.5 * (covariance + covariance.T))
    return (vectors * values.clip(1e-3 * max(values.max(), 1e-12))) @ vectors.T
