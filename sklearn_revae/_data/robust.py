"""Centre and spread of columns that far values and codes do not change."""

import numpy as np

# Values are far beyond this many times the median distance of the others from the centre.
_FAR = 10.0
_ROUNDING = 10 * np.finfo(np.float64).eps


def median(ordered, n):
    """Median of each column: `ordered` is ascending, its first `n` rows observed."""
    columns, last = np.arange(ordered.shape[1]), np.maximum(n, 1) - 1
    low, high = ordered[last // 2, columns], ordered[(last + 1) // 2, columns]
    return low + (high - low) / 2


def quantiles(ordered, n, n_bins):
    """Edges (n_bins + 1, n_columns) of bins that hold equally many values.

    The arguments are those of :func:`centre_and_spread`.
    """
    last = np.maximum(n, 1) - 1
    rows = np.rint(np.linspace(0, 1, n_bins + 1)[:, None] * last).astype(int)
    return np.take_along_axis(ordered, rows, axis=0)


def centre_and_spread(ordered, n):
    """Median of each column, and the root mean square distance from it.

    Far values are left out of the second. They are more than ten times as far from the
    median as half of the values that differ from it. Values that equal the median count,
    so that the spread of a column of zeros and few other values describes both.

    Parameters
    ----------
    ordered : ndarray of float64 (n_rows, n_columns)
        The values, each column in ascending order, missing values last.
    n : ndarray of int (n_columns,)
        Number of observed values of each column.

    Returns
    -------
    centre, spread : ndarray (n_columns,)
        NaN where a column has no value; a spread of 0 where all values are equal.
    """
    centre = median(ordered, n)
    distance = np.abs(ordered - centre)
    # Equal numbers may differ by rounding.
    distance[distance <= _ROUNDING * np.abs(centre)] = 0.0
    others = np.where(distance > 0, distance, np.nan)
    others.sort(axis=0)
    unit = median(others, (distance > 0).sum(axis=0))
    # Units of the distances themselves, because their squares may exceed float64.
    distance /= np.where(np.isnan(unit), 1.0, unit)
    distance[distance > _FAR] = np.nan
    near = np.isfinite(distance).sum(axis=0)
    squares = np.nansum(np.square(distance), axis=0)
    spread = np.nan_to_num(unit) * np.sqrt(squares / np.maximum(near, 1))
    return centre, np.where(n > 0, spread, np.nan)
