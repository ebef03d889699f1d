"""Numbers such as 999999 or -999 that stand for missing values, and a warning of them."""

import numpy as np

from sklearn_revae._data.chunks import float_dtype
from sklearn_revae._data.robust import centre_and_spread
from sklearn_revae._warning import warn_user

# A smaller number is not a code for a missing value: 100 may be a percentage.
_SMALLEST_NINES = 99
_SMALLEST_POWER = 1000
# A code is repeated at least this often, and far from the other values.
_FEWEST_CELLS = 3
_FEWEST_FRACTION = 0.01
# In robust standard deviations of the other values.
_FAR = 20.0
# In distances of the farthest of the other values.
_ISOLATED = 5.0
# Surveys count down from a code, as in 999, 998 and 997, to say why a value is missing.
_MOST_IN_A_RUN = 3
# A marker in y is so many times as frequent as any of at least two other numbers.
_FREQUENT, _FEWEST_OTHERS = 5, 3
# A warning names at most this many columns.
_MOST_SHOWN = 3


def looks_like_code(values):
    """Whether numbers are made of nines, or powers of ten, whatever their sign."""
    size = np.abs(values)
    # 999 is a power of ten after adding one, 999.9 after adding a tenth.
    nines = _is_power(size + 1.0) | _is_power(size + 0.1)
    powers = _is_power(np.maximum(size, 1.0))
    return (nines & (size >= _SMALLEST_NINES)) | (powers & (size >= _SMALLEST_POWER))


def _is_power(numbers):
    """Whether positive numbers are powers of ten, to single precision."""
    return np.abs(numbers / 10.0 ** np.rint(np.log10(numbers)) - 1) < 1e-7


def repeated_codes(ordered, n):
    """Columns in which a far value is repeated that looks like a code.

    Parameters
    ----------
    ordered : ndarray of float64 (n_rows, n_columns)
        The values, each column in ascending order, missing values last.
    n : ndarray of int (n_columns,)
        Number of observed values of each column.

    Returns
    -------
    dict of int to (tuple of float, float)
        By column: the values, and the fraction of the observed values that equal one.
    """
    last = np.maximum(n, 1) - 1
    extremes = np.stack([ordered[0], ordered[last, np.arange(ordered.shape[1])]])
    found = {}
    for j in np.flatnonzero(looks_like_code(extremes).any(axis=0)):
        column, values = ordered[: n[j], j], []
        for end in (0, -1):
            # Without one code, the next extreme may be another one.
            while run := _codes_at(column, end):
                values += run
                column = column[~np.isin(column, run)]
        if values:
            found[int(j)] = tuple(sorted(values)), 1 - len(column) / n[j]
    return found


def _codes_at(column, end):
    """The codes at one end, 0 or -1, of an ascending column without missing values."""
    if len(column) == 0 or not looks_like_code(value := column[end]):
        return []
    fewest = min(_FEWEST_CELLS, max(2, _FEWEST_FRACTION * len(column)))
    run = value - np.sign(value) * np.arange(_MOST_IN_A_RUN)
    often = np.array([(column == code).sum() >= fewest for code in run])
    run = np.unique(run[: _MOST_IN_A_RUN if often.all() else often.argmin()])
    others = column[~np.isin(column, run)]
    if len(run) == 0 or len(others) == 0:
        return []
    (centre,), (spread,) = centre_and_spread(others[:, None], np.array([len(others)]))
    same_side = np.abs(others[(others > centre) == (value > centre)] - centre)
    distance = np.abs(run - centre).min()
    near = max(_FAR * spread, _ISOLATED * same_side.max(initial=0.0))
    return run.tolist() if spread > 0 and distance > near else []


def marker_in(numbers):
    """A number that seems to mark missing ones, or None.

    Parameters
    ----------
    numbers : ndarray of float64 (n,)
        The observed numbers. Unlike in features, -1 and other negative codes need not be
        far from numbers that are never negative, if they are frequent.
    """
    ordered = np.sort(numbers)
    with np.errstate(all="ignore"):
        found = repeated_codes(ordered[:, None], np.array([len(ordered)]))
    if found:
        return found[0][0][0]
    values, counts = np.unique(numbers, return_counts=True)
    if len(values) < _FEWEST_OTHERS or not values[0] < 0 <= values[1]:
        return None
    frequent = counts[0] >= max(_FREQUENT * counts[1:].max(), len(numbers) / 10)
    known = values[0] == -1 or looks_like_code(values[0])
    return float(values[0]) if frequent and known else None


def without_codes(values, codes):
    """Values (..., n_features) with NaN for the codes of their columns, if any."""
    if not codes:
        return values
    values = np.array(values, dtype=float_dtype(values))
    for j, own in codes.items():
        column = values[..., j]
        for code in own:
            column[column == code] = np.nan
    return values


def warn_of_codes(codes, name_of):
    """Warn, at the user's line, of columns with a code for missing values.

    Parameters
    ----------
    codes : dict of int to (tuple of float, float)
        What :func:`repeated_codes` returned.
    name_of : callable
        How messages write a column, by its position.
    """
    shown = [
        f"column {name_of(j)} holds {' and '.join(f'{value:.10g}' for value in values)} "
        f"in {100 * fraction:.2g} % of the samples"
        for j, (values, fraction) in sorted(codes.items())[:_MOST_SHOWN]
    ]
    if len(codes) > _MOST_SHOWN:
        shown.append(f"{len(codes) - _MOST_SHOWN} more columns hold such a value")
    warn_user(
        f"X holds numbers that look like codes for missing values: {', '.join(shown)}, "
        "far from all other values. They are treated as missing. Replace them by NaN "
        "if they are. If they are data, say so by the likelihood of the column: "
        f"likelihood={{{name_of(min(codes))}: 'gaussian'}}."
    )
