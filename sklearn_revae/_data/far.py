"""Values that are too far from those of fit, to compute with or to be in its unit."""

import numpy as np

from sklearn_revae._data.chunks import chunks
from sklearn_revae._data.names import written_name
from sklearn_revae._data.storage import Stored, sample_rows
from sklearn_revae._warning import warn_user

# The largest scaled value: networks return NaN for values that are much larger.
_FARTHEST = 1e15
# Further training warns of a median so many standard deviations from the first fit. Of X,
# at most so many rows are looked at.
FAR = 10.0
_FEW_ROWS = 1000


def reach(scaling):
    """The largest standardised value of each column that is computed with, (n_features,).

    Clipping makes any value of fit harmless, and bounded columns are clipped to the
    bounds.
    """
    with np.errstate(over="ignore"):
        width = (scaling.seen_high_ - scaling.seen_low_) / scaling.scale_
        largest = _FARTHEST * np.where(scaling.clipped, np.maximum(width, 1.0), 1.0)
    return np.where(scaling._bounded, np.inf, largest)


def warn_of_far(far, rows, scaling):
    """Warn of the first value that is too far.

    Parameters
    ----------
    far : ndarray of bool (n, n_features)
        Where values are too far.
    rows : ndarray (n, n_features)
        The values, in X's units.
    scaling : Scaling
        Their scaling.

    Raises
    ------
    ValueError
        If `fit` saw that value: then it cannot be learned from either.
    """
    i, j = np.argwhere(far)[0]
    value, name = rows[i, j], written_name(scaling.names, j)
    start = f"Column {name} of X holds {value:.3g}, which is too far from "
    if scaling.seen_low_[j] <= value <= scaling.seen_high_[j]:
        raise ValueError(
            f"{start}the other values to compute with. Replace it by NaN, which is "
            "treated as missing, or divide the column by a constant before fit."
        )
    warn_user(
        f"{start}the values in fit to compute with. It is treated as the farthest value "
        "that is not. If it is an error, replace it by NaN, which is treated as missing."
    )


def warn_of_other_units(values, scaling):
    """Warn, at the user's line, of the first column that seems to have another unit.

    Rows on disk are not looked at, because they would have to be read once more.

    Parameters
    ----------
    values : ndarray, sparse matrix or Stored (n, n_features)
        Rows for further training, in X's units.
    scaling : Scaling
        The scaling of the first fit. A column that was constant there has no scale.
    """
    columns = scaling.unbounded & (scaling.seen_low_ < scaling.seen_high_)
    if isinstance(values, Stored) or not columns.any():
        return
    n_high = n_low = n_observed = 0
    for chunk in chunks(sample_rows(values, _FEW_ROWS, 0)):
        scaled = scaling._standardised(scaling.without_codes(chunk), columns)
        n_high += (scaled > FAR).sum(axis=0)
        n_low += (scaled < -FAR).sum(axis=0)
        n_observed += (~np.isnan(scaled)).sum(axis=0)
    # Then the median is that far. Computing it takes longer.
    far = 2 * np.maximum(n_high, n_low) > n_observed
    if far.any():
        name = written_name(scaling.names, np.flatnonzero(columns)[far.argmax()])
        warn_user(
            f"Most values of column {name} of X are more than {FAR:g} standard "
            "deviations from those of the first fit, whose scale further training keeps. "
            "If X has another unit now, fit with warm_start=False."
        )
