"""Correlated errors of the decoder, and how they correct imputed values.

The model treats the columns as independent given z, but the decoder's errors are slightly
correlated. The errors of the observed values of a row therefore predict the errors of its
missing values. The linear regression is learned from values that are hidden from the
encoder on purpose.
"""

import numpy as np

from sklearn_revae._data.storage import streams
from sklearn_revae._imputation.covariance import (
    covariance_with_missing_values,
    regression_weights,
    residual_covariance,
)
from sklearn_revae._inference.chunked import for_inference
from sklearn_revae._inference.latents import decoded_rows

# The regression stores matrices of this width, and solves a system of it per row.
MOST_COLUMNS = 256
_MOST_ROWS = 4000
# Values are hidden in this many rows in total, where each row is used several times. Wide
# data use fewer rows, because their cost grows with the cube of the width.
_ROWS_IN_ALL, _WIDE, _MOST_PASSES = 10_000, 64, 20
_HIDDEN_FRACTION = 0.2
# In units of the errors' variances, and in rows; chosen on breast_cancer and satimage.
_RIDGE = 0.03
_PRIOR_ROWS = 100
# The mean of the explained covariance is computed from every tenth row.
_EVERY = 10
# The smallest variance of draws, relative to that of the errors of hidden values.
_LEAST_VARIANCE = 1e-3
_CHUNK_CELLS = 2_000_000


def learn_residuals(module, values, scaling, seed):
    """:class:`Residuals` of a trained module, or None.

    They are not learned from rows that are streamed in training, nor for more than
    MOST_COLUMNS continuous columns.

    Parameters
    ----------
    module : ReVAE
        The trained module.
    values : ndarray, sparse matrix or stored rows (n, n_features)
        Training rows in the units of X.
    scaling : Scaling
        Their scaling, which states the continuous columns.
    seed : int
        Seed of the choice of hidden values.
    """
    continuous = np.flatnonzero(scaling.unbounded)
    if not 2 <= len(continuous) <= MOST_COLUMNS or streams(values):
        return None
    step = -(-values.shape[0] // _MOST_ROWS)
    x = scaling.transform(values[::step], np.float64)
    return Residuals().fit(module, x, continuous, seed)


class Residuals:
    """Linear regression of the errors of missing values on those of observed values.

    The error of a value is larger if the encoder does not see it. The regression
    therefore has two steps. First, it computes the conditional mean of the errors that
    all values would have if the encoder saw them, as of Gaussian columns. Then a linear
    map turns these into the errors of values that the encoder does not see.

    Attributes
    ----------
    columns_ : ndarray of int (m,)
        The columns of the regression, those with an unbounded continuous likelihood.
    known_ : ndarray (m, m)
        Covariance of the errors of values that the encoder sees, with a ridge.
    hidden_to_known_ : ndarray (m, m)
        Covariance of the errors of values that it does not see with those.
    hidden_ : ndarray (m, m)
        Covariance of the errors of values that it does not see.
    """

    def fit(self, module, x, columns, seed):
        """Learn the regression.

        Parameters
        ----------
        module : ReVAE
            The trained module.
        x : ndarray (n, n_features)
            Scaled rows, NaN where missing.
        columns : ndarray of int (m,)
            The columns of the regression.
        seed : int
            Seed of the choice of hidden values.
        """
        module = for_inference(module)
        observed = ~np.isnan(x)
        errors = _errors(module, x, observed)[:, columns]
        observed = observed[:, columns]
        scale = np.sqrt((errors**2).sum(axis=0) / observed.sum(axis=0).clip(1))
        scale[scale == 0.0] = 1.0
        covariance = covariance_with_missing_values(errors / scale, observed, _RIDGE)
        errors, hidden, seen = _hide(module, x, columns, np.random.RandomState(seed))
        errors /= scale
        weights = regression_weights(covariance, np.where(seen, errors, 0.0), seen)
        hidden_to_known = _linear_map(weights @ covariance, errors, hidden) @ covariance
        residuals = np.where(hidden, errors - weights @ hidden_to_known.T, 0.0)
        of_hidden = _covariance_of_hidden(
            covariance, hidden_to_known, residuals, hidden, seen
        )
        self.columns_ = columns
        self.known_ = scale[:, None] * covariance * scale
        self.hidden_to_known_ = scale[:, None] * hidden_to_known * scale
        self.hidden_ = scale[:, None] * of_hidden * scale
        return self

    def correct(self, x, decoded, n_draws=None, random=None):
        """`decoded`, with the expected errors of missing values added.

        Parameters
        ----------
        x : ndarray (n, n_features)
            Scaled rows, NaN where missing.
        decoded : ndarray (n, n_features)
            The same rows, decoded.
        n_draws : int, optional
            Number of draws per row of the errors, which are expected errors otherwise.
        random : RandomState
            Source of the draws.

        Returns
        -------
        ndarray (n, n_features) or (n, n_draws, n_features)
        """
        observed = ~np.isnan(x[:, self.columns_])
        errors = np.where(observed, (x - decoded)[:, self.columns_], 0.0)
        weights = regression_weights(self.known_, errors, observed)
        added = weights @ self.hidden_to_known_.T
        result = decoded.copy()
        if n_draws is not None:
            added = self._draw(added, observed, n_draws, random)
            result = np.repeat(decoded[:, None], n_draws, axis=1)
            observed = observed[:, None]
        result[..., self.columns_] += np.where(observed, 0.0, added)
        return result

    def _draw(self, conditional_mean, observed, n_draws, random):
        """Draws (n, n_draws, m) of the errors of missing values around their means."""
        step = max(1, _CHUNK_CELLS // len(self.columns_) ** 2)
        spread = np.sqrt(np.diag(self.hidden_))[:, None]
        unit = spread * spread.T
        drawn = np.empty((len(conditional_mean), n_draws, len(self.columns_)))
        for start in range(0, len(conditional_mean), step):
            rows = slice(start, start + step)
            missing = ~observed[rows]
            covariance = residual_covariance(
                self.known_, self.hidden_to_known_, self.hidden_, observed[rows]
            )
            covariance = np.where(
                missing[:, :, None] & missing[:, None, :], covariance, 0.0
            )
            values, vectors = np.linalg.eigh(covariance / np.where(unit, unit, np.inf))
            # The covariances are estimates, so no error is predicted with certainty.
            root = spread * vectors * np.sqrt(values.clip(_LEAST_VARIANCE))[:, None]
            normal = random.standard_normal((len(covariance), *drawn.shape[1:]))
            drawn[rows] = conditional_mean[rows, None] + normal @ root.transpose(0, 2, 1)
        return drawn


def _errors(module, x, seen):
    """Errors (n, n_features) of scaled rows decoded from their `seen` values.

    Missing values have the error 0.
    """
    decoded = decoded_rows(module, np.where(seen, x, np.nan))
    return np.where(np.isnan(x), 0.0, x - decoded)


def _hide(module, x, columns, random):
    """Errors of `columns` in rows with hidden values, and which are hidden and seen."""
    n_rows = int(_ROWS_IN_ALL * min(1.0, (_WIDE / len(columns)) ** 2))
    x = x[:: -(-len(x) // n_rows)]
    observed = ~np.isnan(x)
    passes = []
    for _ in range(min(-(-n_rows // len(x)), _MOST_PASSES)):
        hidden = observed & (random.random_sample(x.shape) < _HIDDEN_FRACTION)
        seen = observed & ~hidden
        parts = _errors(module, x, seen), hidden, seen
        passes.append([part[:, columns] for part in parts])
    return map(np.concatenate, zip(*passes, strict=True))


def _linear_map(expected, errors, hidden):
    """Linear map (m, m) from the errors of seen values to those of hidden ones.

    Parameters
    ----------
    expected : ndarray (n, m)
        Conditional means of the errors if the encoder saw all values.
    errors : ndarray (n, m)
        The errors of hidden values.
    hidden : ndarray of bool (n, m)
        Which values are hidden.
    """
    n = expected.shape[1]
    grams, moments = np.empty((n, n, n)), np.empty((n, n))
    for j in range(n):
        rows = expected[hidden[:, j]]
        grams[j] = rows.T @ rows
        moments[j] = rows.T @ (errors[hidden[:, j], j] - rows[:, j])
    # Without hidden values to learn from, both errors are assumed to be equal.
    prior = _PRIOR_ROWS * np.eye(n)
    return np.eye(n) + np.linalg.solve(grams + prior, moments[..., None])[..., 0]


def _covariance_of_hidden(covariance, hidden_to_known, residuals, hidden, seen):
    """Covariance (m, m) of the errors of hidden values.

    It is the sum of the covariance that the seen values explain and of the covariance of
    the residuals. The second is small, and is estimated much better separately than as
    a part of the sum.
    """
    few = slice(None, None, _EVERY)
    nothing = np.zeros_like(covariance)
    explained = -residual_covariance(covariance, hidden_to_known, nothing, seen[few])
    explained *= hidden[few][:, :, None] & hidden[few][:, None, :]
    explained = explained.sum(axis=0) / _pairs(hidden[few])
    return explained + residuals.T @ residuals / _pairs(hidden)


def _pairs(hidden):
    """Number of rows (m, m) in which both columns are hidden, at least 1."""
    return np.maximum(hidden.T.astype(float) @ hidden, 1.0)
