"""The warning about values that fit has not seen."""

import sys
import warnings

import numpy as np

# The warning points at the first line outside of these packages.
_LIBRARIES = ("sklearn_revae", "sklearn", "joblib")


def warn_unseen(name, values):
    """Warn that a column holds categories that fit has not seen, at the user's line.

    Parameters
    ----------
    name : str
        The column, as messages write it.
    values : list
        The unseen values.
    """
    shown = ", ".join(
        repr(value.item() if isinstance(value, np.generic) else value)
        for value in list(values)[:5]
    )
    more = ", ..." if len(values) > 5 else ""
    level, frame = 1, sys._getframe()
    while frame and frame.f_globals.get("__name__", "").split(".")[0] in _LIBRARIES:
        level, frame = level + 1, frame.f_back
    warnings.warn(
        f"Column {name} of X holds values that were not seen in fit ({shown}{more}): "
        "they are treated as missing.",
        UserWarning,
        stacklevel=level,
    )
