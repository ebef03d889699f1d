"""Values that are too far from those of fit to compute with."""

import numpy as np

from sklearn_revae._data.names import written_name
from sklearn_revae._data.warning import warn_user

# The largest scaled value: networks return NaN for values that are much larger.
_FARTHEST = 1e15


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
