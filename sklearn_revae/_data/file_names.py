"""Labels of the images of a folder: y by file name, or in the order of the files."""

import re
from collections.abc import Mapping

import narwhals as nw
import numpy as np

from sklearn_revae._data.warning import warn_user

_KEYED = "y = {name: label, ...} with the names that datasets.list_images(X) returns"


def in_order_of(values, y):
    """Return y in the order of the rows in `values`.

    Parameters
    ----------
    values : ndarray, sparse matrix or Stored (n, n_features)
        The rows. Those of a folder of images have names, the attribute `names`.
    y : array-like, dict or None
        Labels. Those in a dict, a Series or a DataFrame with an index of strings belong
        to the file with that name, and a file that y does not name is not labelled.

    Raises
    ------
    ValueError
        If y names a file that is not in the folder, or twice the same one, or if y is a
        dict but X is not a folder.
    """
    names = getattr(values, "names", None)
    if names is None:
        if isinstance(y, Mapping):
            raise ValueError(
                "y is a dict, which is supported for a folder of images only, because "
                "its keys are file names. Pass an array with one label per sample."
            )
        return y
    if isinstance(y, Mapping):
        _check_keys(list(y), names)
        return [y.get(name) for name in names]
    if _is_indexed_by_text(y):
        _check_keys(list(y.index), names)
        # Integers beside missing values would become floats.
        y = y if len(y) == len(names) else y.astype(object)
        return y.reindex(names)
    if y is not None:
        _warn_of_order(names)
    return y


def _is_indexed_by_text(y):
    """Whether y is a Series or a DataFrame of pandas whose index holds only strings."""
    known = nw.dependencies
    if not (known.is_pandas_series(y) or known.is_pandas_dataframe(y)):
        return False
    return len(y) > 0 and all(isinstance(key, str) for key in y.index)


def _check_keys(keys, names):
    known = set(names)
    strangers = [key for key in keys if key not in known]
    if strangers:
        raise ValueError(
            f"y names the file {strangers[0]!r}, which is not an image in the folder X. "
            f"The first images are {names[:3]}. Pass {_KEYED}."
        )
    if len(set(keys)) < len(keys):
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"y names the file {twice!r} twice. Leave one of them out.")


def _warn_of_order(names):
    """Warn if files that are sorted as text are not in the order of their numbers."""
    by_number = sorted(names, key=_natural)
    if by_number != names:
        first = int(np.argmax([a != b for a, b in zip(names, by_number, strict=True)]))
        shown = names[max(first - 1, 0) : first + 2]
        warn_user(
            f"X is a folder whose files are sorted as text: {shown} follow one another. "
            "y does not name the files, so its labels belong to other images if they are "
            f"in the order of the numbers. Pass {_KEYED}."
        )


def _natural(name):
    """A key that sorts numbers within text by their value."""
    return [
        (int(part), "") if part.isdigit() else (-1, part)
        for part in re.split(r"(\d+)", name)
    ]
