"""Names of features: how messages write them, and which feature an argument means."""

from numbers import Integral

import numpy as np


def written_name(names, j):
    """How messages write feature `j`: its name, or its position where it has none."""
    return str(j) if names is None else repr(names[j])


def short_name(name, longest=30):
    """A name as figures write it: a long one without its middle."""
    text = str(name)
    if len(text) <= longest:
        return text
    end = longest // 3
    return f"{text[: longest - end - 1]}…{text[-end:]}"


def is_integer(value):
    """Whether `value` is an integer, of Python or NumPy, and not a bool."""
    return isinstance(value, Integral) and not isinstance(value, (bool, np.bool_))


def feature_index(feature, names, n_features, argument):
    """Position of a feature that an argument gives by its name or its position.

    Names come first. In a data frame whose columns are named by integers, an integer is
    always a name and never a position: with the columns [3, 2, 1, 0], 3 means the first
    one.

    Parameters
    ----------
    feature : object
        A name, or a position from 0 to `n_features` - 1.
    names : list or None
        Names of the features; None where only positions identify them.
    n_features : int
        Number of features.
    argument : str
        The argument that names the feature, for the message.

    Raises
    ------
    ValueError
        If there is no such feature.
    """
    known = [] if names is None else list(names)
    if feature in known:
        j = known.index(feature)
        # True equals 1, but in a mask of bools it does not mean the column named 1.
        if _is_bool(known[j]) == _is_bool(feature):
            return j
    positions = not any(map(is_integer, known))
    if positions and is_integer(feature) and 0 <= feature < n_features:
        return int(feature)
    listed = known or f"the positions 0..{n_features - 1}"
    raise ValueError(
        f"{argument} names {feature!r}, which is not a column of X. The columns are "
        f"{listed}."
    )


def _is_bool(value):
    return isinstance(value, (bool, np.bool_))
