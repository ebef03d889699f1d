"""What the decoder's errors say of one another: columns it leaves correlated.

Given z the columns are independent in the model, and in truth not quite. Where some
values of a row are known, their errors tell of the errors of the missing ones, by a
linear rule learned on values that are hidden from the encoder on purpose.
"""

import numpy as np

from sklearn_revae._data.storage import streams
from sklearn_revae._imputation.covariance import (
    covariance_left,
    covariance_with_gaps,
    weights_of_known,
)
from sklearn_revae._inference.chunked import apply, for_inference

# So many columns at most: the rule holds their square, and solves for each row.
MOST_COLUMNS = 256
_MOST_ROWS = 4000
# Values are hidden anew in so many rows in all, each row a number of times; in fewer of
# wide rows, which cost the cube of their width.
_ROWS_IN_ALL, _WIDE, _MOST_PASSES = 10_000, 64, 20
_HIDDEN_SHARE = 0.2
# In the errors' own variances, and in rows; chosen on breast_cancer and satimage.
_RIDGE = 0.03
_PRIOR_ROWS = 100
# Of the rows with hidden values, what they tell on average is worked out for each tenth.
_EVERY = 10
# Variance of draws, in that of what they are of.
_LEAST_LEFT = 1e-3
_CHUNK_CELLS = 2_000_000


def learn_residuals(module, values, scaling, seed):
    """:class:`Residuals` of a trained module, or None where there is no such rule.

    There is none for rows that are read while training goes on, nor for many columns.

    Parameters
    ----------
    module : ReVAE
        The module.
    values : ndarray, sparse matrix or stored rows (n, n_features)
        Training rows in X's units.
    scaling : Scaling
        Their scaling, and which columns are continuous.
    seed : int
        Decides what is hidden.
    """
    continuous = np.flatnonzero(scaling.unbounded)
    if not 2 <= len(continuous) <= MOST_COLUMNS or streams(values):
        return None
    step = -(-values.shape[0] // _MOST_ROWS)
    x = scaling.transform(values[::step], np.float64)
    return Residuals().fit(module, x, continuous, seed)


def decoded_rows(module, x):
    """E[x|z] at the posterior's mean, of scaled rows: (n, n_features)."""
    return apply(module, lambda m, rows: m.expected_row(m.encode(rows)[0]), x)


class Residuals:
    """Linear rule from the errors of known values to those of missing ones.

    A missing value is off by more than it were if the encoder saw it. So the errors that
    all values had if they were seen are expected first, as those of Gaussian columns,
    and the errors of those it does not see are a linear map of them.

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
        module, there = for_inference(module), ~np.isnan(x)
        known = there[:, columns]
        errors = _errors(module, x, there)[:, columns]
        scale = np.sqrt((errors**2).sum(axis=0) / known.sum(axis=0).clip(1))
        scale[scale == 0.0] = 1.0
        covariance = covariance_with_gaps(errors / scale, known, _RIDGE)
        found, hidden, seen = _hide(module, x, columns, np.random.RandomState(seed))
        found /= scale
        weights = weights_of_known(covariance, np.where(seen, found, 0.0), seen)
        map_ = _linear_map(weights @ covariance, found, hidden)
        hidden_to_known = map_ @ covariance
        left = np.where(hidden, found - weights @ hidden_to_known.T, 0.0)
        of_hidden = _covariance_of_hidden(covariance, hidden_to_known, left, hidden, seen)
        self.columns_ = columns
        self.known_ = scale[:, None] * covariance * scale
        self.hidden_to_known_ = scale[:, None] * hidden_to_known * scale
        self.hidden_ = scale[:, None] * of_hidden * scale
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
        known = ~np.isnan(x[:, self.columns_])
        errors = np.where(known, (x - decoded)[:, self.columns_], 0.0)
        added = weights_of_known(self.known_, errors, known) @ self.hidden_to_known_.T
        result = decoded.copy()
        if n_draws is not None:
            added = self._draw(added, known, n_draws, random)
            result = np.repeat(decoded[:, None], n_draws, axis=1)
            known = known[:, None]
        result[..., self.columns_] += np.where(known, 0.0, added)
        return result

    def _draw(self, mean, known, n_draws, random):
        """Draws (n, n_draws, m) of errors about their mean (n, m), of missing values."""
        step = max(1, _CHUNK_CELLS // len(self.columns_) ** 2)
        spread = np.sqrt(np.diag(self.hidden_))[:, None]
        unit = spread * spread.T
        drawn = np.empty((len(mean), n_draws, len(self.columns_)))
        for start in range(0, len(mean), step):
            rows = slice(start, start + step)
            missing = ~known[rows]
            left = covariance_left(
                self.known_, self.hidden_to_known_, self.hidden_, known[rows]
            )
            left = np.where(missing[:, :, None] & missing[:, None, :], left, 0.0)
            values, vectors = np.linalg.eigh(left / np.where(unit, unit, np.inf))
            # What is told is an estimate: nothing is told wholly.
            root = spread * vectors * np.sqrt(values.clip(_LEAST_LEFT))[:, None]
            normal = random.standard_normal((len(left), *drawn.shape[1:]))
            drawn[rows] = mean[rows, None] + normal @ root.transpose(0, 2, 1)
        return drawn


def _errors(module, x, seen):
    """Errors (n, n_features) of scaled rows whose `seen` values are; 0 where none is."""
    decoded = decoded_rows(module, np.where(seen, x, np.nan))
    return np.where(np.isnan(x), 0.0, x - decoded)


def _hide(module, x, columns, random):
    """Errors of `columns` in rows with values hidden, and which are hidden, and seen."""
    n_rows = int(_ROWS_IN_ALL * min(1.0, (_WIDE / len(columns)) ** 2))
    x = x[:: -(-len(x) // n_rows)]
    there = ~np.isnan(x)
    passes = []
    for _ in range(min(-(-n_rows // len(x)), _MOST_PASSES)):
        hidden = there & (random.random_sample(x.shape) < _HIDDEN_SHARE)
        parts = _errors(module, x, there & ~hidden), hidden, there & ~hidden
        passes.append([part[:, columns] for part in parts])
    return map(np.concatenate, zip(*passes, strict=True))


def _linear_map(expected, found, hidden):
    """Map (m, m) from what errors were if seen (n, m) to what they are where hidden."""
    n = expected.shape[1]
    grams, moments = np.empty((n, n, n)), np.empty((n, n))
    for j in range(n):
        rows = expected[hidden[:, j]]
        grams[j] = rows.T @ rows
        moments[j] = rows.T @ (found[hidden[:, j], j] - rows[:, j])
    # Where little is hidden, a hidden value is off as it were if seen.
    prior = _PRIOR_ROWS * np.eye(n)
    return np.eye(n) + np.linalg.solve(grams + prior, moments[..., None])[..., 0]


def _covariance_of_hidden(covariance, hidden_to_known, left, hidden, seen):
    """Covariance (m, m) of hidden errors: what the seen tell of them, and what is left.

    Of which the second is small, and measured far better alone than in the whole.
    """
    few = slice(None, None, _EVERY)
    nothing = np.zeros_like(covariance)
    told = -covariance_left(covariance, hidden_to_known, nothing, seen[few])
    told *= hidden[few][:, :, None] & hidden[few][:, None, :]
    return told.sum(axis=0) / _pairs(hidden[few]) + left.T @ left / _pairs(hidden)


def _pairs(hidden):
    """In how many rows two columns are hidden: (m, m), at least 1."""
    return np.maximum(hidden.T.astype(float) @ hidden, 1.0)
