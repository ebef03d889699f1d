"""The warning about values that fit has not seen."""

import sys
import warnings

import numpy as np

# The warning points at the first line outside of these packages.
_LIBRARIES = ("sklearn_revae", "sklearn", "joblib")
# A warning lists at most this many values.
_MOST_SHOWN = 5


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
    level, frame = 1, sys._getframe()
    while frame and frame.f_globals.get("__name__", "").split(".")[0] in _LIBRARIES:
        level, frame = level + 1, frame.f_back
    warnings.warn(
        f"Column {name} of X holds values that were not seen in fit ({shown}{more}): "
        "they are treated as missing.",
        UserWarning,
        stacklevel=level,
    )
