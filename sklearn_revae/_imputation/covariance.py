"""Gaussian columns with gaps: their covariance, and what the known tell of the rest."""

import numpy as np

# More steps change next to nothing, as the first guess is near.
_STEPS = 3
# Each step inverts a matrix for every row with gaps: of wide ones fewer are taken.
_MOST_ROWS, _WIDE = 1000, 64
_CHUNK_CELLS = 200_000


def covariance_with_gaps(x, known, ridge):
    """Covariance (m, m) of columns of zero mean and about unit variance.

    By expectation maximisation from the covariances of pairs, which alone need not even
    be those of any rows.

    Parameters
    ----------
    x : ndarray (n, m)
        Rows, zero where not known.
    known : ndarray of bool (n, m)
        What is known of them.
    ridge : float
        Variance that each step adds to every column.
    """
    own = ridge * np.eye(x.shape[1])
    pairs = known.T.astype(float) @ known
    covariance = positive(x.T @ x / np.maximum(pairs, 1.0)) + own
    if known.all():
        return covariance
    width = x.shape[1]
    n_rows = max(2 * width, int(_MOST_ROWS * min(1.0, (_WIDE / width) ** 2)))
    step = -(-len(x) // n_rows)
    x, known = x[::step], known[::step]
    for _ in range(_STEPS):
        total = np.zeros_like(covariance)
        for rows in _chunks(known):
            inverse = np.linalg.inv(_systems(covariance, known[rows]))
            inverse *= known[rows][:, :, None] & known[rows][:, None, :]
            expected = (inverse @ x[rows][..., None])[..., 0] @ covariance
            total += expected.T @ expected
            # What is not known varies about what is expected of it.
            total += len(inverse) * covariance
            total -= covariance @ inverse.sum(axis=0) @ covariance
        covariance = total / len(x) + own
    return covariance


def weights_of_known(covariance, x, known):
    """Weights (n, m) whose product with a covariance is what `x` tells of the columns.

    Parameters
    ----------
    covariance : ndarray (m, m)
        Positive definite.
    x : ndarray (n, m)
        Rows, zero where not known.
    known : ndarray of bool (n, m)
        What is known of them.
    """
    # One right side a row: a whole linear map takes four times as long.
    return np.concatenate(
        [np.zeros((0, x.shape[1]))]
        + [
            np.linalg.solve(_systems(covariance, known[rows]), x[rows][..., None])[..., 0]
            for rows in _chunks(known)
        ]
    )


def covariance_left(covariance, other, own, known):
    """Covariances (n, m, m) of what the known columns do not tell of others.

    Parameters
    ----------
    covariance : ndarray (m, m)
        Of the columns, positive definite.
    other : ndarray (m, m)
        Of the others with them.
    own : ndarray (m, m)
        Of the others.
    known : ndarray of bool (n, m)
        Which columns each row tells.
    """
    right = np.where(known[:, :, None], other.T, 0.0)
    told = other @ np.linalg.solve(_systems(covariance, known), right)
    return own - 0.5 * (told + told.transpose(0, 2, 1))


def positive(matrix):
    """Nearest covariance without directions of next to no, or negative, variance."""
    values, vectors = np.linalg.eigh(0.5 * (matrix + matrix.T))
    return (vectors * values.clip(1e-3 * max(values.max(), 1e-12))) @ vectors.T


def _systems(covariance, known):
    """Covariances (n, m, m) of what is known; the identity's for the rest."""
    both = known[:, :, None] & known[:, None, :]
    systems = np.where(both, covariance, 0.0)
    diagonal = np.arange(len(covariance))
    systems[:, diagonal, diagonal] += ~known
    return systems


def _chunks(known):
    step = max(1, _CHUNK_CELLS // known.shape[1] ** 2)
    return [slice(start, start + step) for start in range(0, len(known), step)]
