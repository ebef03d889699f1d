"""Conditional Gaussian distributions of columns that are observed only in part."""

import numpy as np

# More steps hardly change the result, because the first estimate is close.
_STEPS = 3
# Each step inverts a matrix per row with missing values, so wide data use fewer rows.
_MOST_ROWS, _WIDE = 1000, 64
_CHUNK_CELLS = 200_000


def covariance_with_missing_values(x, observed, ridge):
    """Covariance (m, m) of columns with mean zero and a variance of about one.

    It is estimated by expectation maximisation. The first estimate is the covariance of
    each pair of columns over the rows that observe both, made positive definite.

    Parameters
    ----------
    x : ndarray (n, m)
        Rows, zero where a value is missing.
    observed : ndarray of bool (n, m)
        Which values are observed.
    ridge : float
        Variance that each step adds to every column.
    """
    added = ridge * np.eye(x.shape[1])
    pairs = observed.T.astype(float) @ observed
    covariance = positive(x.T @ x / np.maximum(pairs, 1.0)) + added
    if observed.all():
        return covariance
    width = x.shape[1]
    n_rows = max(2 * width, int(_MOST_ROWS * min(1.0, (_WIDE / width) ** 2)))
    step = -(-len(x) // n_rows)
    x, observed = x[::step], observed[::step]
    for _ in range(_STEPS):
        total = np.zeros_like(covariance)
        for rows in _chunks(observed):
            inverse = np.linalg.inv(_systems(covariance, observed[rows]))
            inverse *= observed[rows][:, :, None] & observed[rows][:, None, :]
            expected = (inverse @ x[rows][..., None])[..., 0] @ covariance
            total += expected.T @ expected
            # Missing values vary around their conditional mean.
            total += len(inverse) * covariance
            total -= covariance @ inverse.sum(axis=0) @ covariance
        covariance = total / len(x) + added
    return covariance


def regression_weights(covariance, x, observed):
    r"""Weights (n, m) of the regression of any variable on the observed columns.

    The conditional mean of a variable v given the observed values of a row is

    .. math::

        E[v | x_o] = C_{v} w, \quad w_o = C_{oo}^{-1} x_o

    where o are the observed columns, C is the covariance of the columns, :math:`C_v`
    the covariance of v with them, and w the weights, which are zero for missing values.

    Parameters
    ----------
    covariance : ndarray (m, m)
        Covariance of the columns, positive definite.
    x : ndarray (n, m)
        Rows, zero where a value is missing.
    observed : ndarray of bool (n, m)
        Which values are observed.
    """
    # Solving for one right-hand side per row takes a quarter of the time of inverting.
    return np.concatenate(
        [np.zeros((0, x.shape[1]))]
        + [
            np.linalg.solve(_systems(covariance, observed[rows]), x[rows][..., None])[
                ..., 0
            ]
            for rows in _chunks(observed)
        ]
    )


def residual_covariance(covariance, cross_covariance, own, observed):
    r"""Conditional covariances (n, m, m) of variables given the observed columns.

    .. math::

        C_{vv} - C_{vo} C_{oo}^{-1} C_{ov}

    where o are the columns that are observed in a row, v are the variables, and C with
    two indices is the covariance of one with the other.

    Parameters
    ----------
    covariance : ndarray (m, m)
        Covariance of the columns, positive definite.
    cross_covariance : ndarray (m, m)
        Covariance of the variables with the columns.
    own : ndarray (m, m)
        Covariance of the variables.
    observed : ndarray of bool (n, m)
        Which columns each row observes.
    """
    right = np.where(observed[:, :, None], cross_covariance.T, 0.0)
    explained = cross_covariance @ np.linalg.solve(_systems(covariance, observed), right)
    # Rounding makes it slightly asymmetric.
    return own - 0.5 * (explained + explained.transpose(0, 2, 1))


def positive(matrix):
    """The nearest covariance matrix whose variances are not close to zero or negative."""
    values, vectors = np.linalg.eigh(0.5 * (matrix + matrix.T))
    return (vectors * values.clip(1e-3 * max(values.max(), 1e-12))) @ vectors.T


def _systems(covariance, observed):
    """Covariances (n, m, m) of the observed columns, the identity for all others."""
    both = observed[:, :, None] & observed[:, None, :]
    systems = np.where(both, covariance, 0.0)
    diagonal = np.arange(len(covariance))
    systems[:, diagonal, diagonal] += ~observed
    return systems


def _chunks(observed):
    step = max(1, _CHUNK_CELLS // observed.shape[1] ** 2)
    return [slice(start, start + step) for start in range(0, len(observed), step)]
