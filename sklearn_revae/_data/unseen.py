"""Warnings about values that fit has not seen, or that their columns cannot have."""

import numpy as np

from sklearn_revae._data.chunks import chunks
from sklearn_revae._data.names import written_name
from sklearn_revae._data.storage import Stored
from sklearn_revae._warning import warn_user

# A warning lists at most this many values.
_MOST_SHOWN = 5
# Scalers restore whole numbers with rounding errors.
_ROUNDING = 0.01


def warn_unseen(name, values):
    """Warn, at the user's line, that a column holds values that fit has not seen.

    Parameters
    ----------
    name : str
        The column, as messages write it.
    values : list
        The unseen values.
    """
    shown = ", ".join(
        repr(value.item() if isinstance(value, np.generic) else value)
        for value in list(values)[:_MOST_SHOWN]
    )
    more = ", ..." if len(values) > _MOST_SHOWN else ""
    warn_user(
        f"Column {name} of X holds values that were not seen in fit ({shown}{more}): "
        "they are treated as missing."
    )


def warn_of_values(values, scaling):
    """Warn of numbers that are impossible, or not among the levels seen in fit.

    The parameters are those of :func:`warn_of_impossible`.
    """
    warn_of_impossible(values, scaling)
    for j, levels in scaling.levels.items():
        if levels.numbers is None:
            continue
        found = [np.unique(chunk) for chunk in chunks(values, columns=[j])]
        unseen = np.setdiff1d(np.concatenate(found), levels.numbers)
        unseen = unseen[~np.isnan(unseen)]
        if len(unseen):
            warn_unseen(written_name(scaling.names, j), unseen.tolist())


def warn_of_impossible(values, scaling):
    """Warn, at the user's line, of the first negative count and the like.

    Rows on disk are not looked at, because they would have to be read once more.

    Parameters
    ----------
    values : ndarray, sparse matrix or Stored (n, n_features)
        Rows in X's units.
    scaling : Scaling
        Their scaling.
    """
    binary, logged = scaling.kinds == "binary", scaling._logged
    # Any value of a constant column is read as the constant.
    known = scaling.counts | logged | binary
    columns = np.flatnonzero(known & ~scaling.constant_)
    if len(columns) == 0 or isinstance(values, Stored):
        return
    for chunk in chunks(values):
        chunk = scaling.without_codes(chunk)[:, columns].astype(np.float64)
        with np.errstate(invalid="ignore"):
            found = chunk < -_ROUNDING
            found |= (chunk <= 0) & logged[columns]
            found |= (chunk > 1 + _ROUNDING) & binary[columns]
        if found.any():
            i, j = np.argwhere(found)[0]
            value, j = chunk[i, j], columns[j]
            seen = "positive" if logged[j] else "0 or 1" if binary[j] else "counts"
            warn_user(
                f"Column {written_name(scaling.names, j)} of X holds {value:.4g}, but in "
                f"fit all its values were {seen}. It is treated as the nearest such "
                "value. If it is an error, replace it by NaN, which means missing."
            )
            return
