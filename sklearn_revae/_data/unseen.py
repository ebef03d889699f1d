"""The warning about values that fit has not seen."""

import numpy as np

from sklearn_revae._data.warning import warn_user

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
    warn_user(
        f"Column {name} of X holds values that were not seen in fit ({shown}{more}): "
        "they are treated as missing."
    )
