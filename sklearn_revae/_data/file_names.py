"""Labels and weights of the images of a folder, by file name or in their order."""

import os
import re
from collections.abc import Mapping
from pathlib import Path

import narwhals as nw
import numpy as np
from sklearn.utils.validation import _check_sample_weight

from sklearn_revae._data.tensors import as_numpy
from sklearn_revae._warning import warn_user

_KEYED = "{name: value, ...} with the names that datasets.list_images(X) returns"


def in_order_of(values, y):
    """Return labels in the order of the rows in `values`.

    Parameters
    ----------
    values : ndarray, sparse matrix or Stored (n, n_features)
        The rows. Those of a folder of images have names, the attribute `names`.
    y : array-like, dict or None
        Labels. Those in a dict, a Series or a DataFrame with an index of strings or paths
        belong to the file with that name, and a file that y does not name is not
        labelled.

    Raises
    ------
    ValueError
        If y names a file that is not in the folder, or twice the same one, or if y is a
        dict but X is not a folder.
    """
    return _in_order(values, as_numpy(y), "y")


def weights_in_order_of(values, sample_weight):
    """Return weights (n,) in the order of the rows in `values`, ones for None.

    The parameters and errors are those of :func:`in_order_of`.

    Raises
    ------
    ValueError
        Also if the weights name some of the files only, or are not one finite number for
        each row, 0 or larger.
    """
    names = getattr(values, "names", None)
    weight = as_numpy(sample_weight)
    keys = _keys_of(weight)
    if names is not None and keys is not None:
        missing = sorted(set(names) - set(keys))
        if missing:
            raise ValueError(
                f"sample_weight has no weight for the image {missing[0]!r} of the folder "
                "X. Pass a weight for each image; it can be 0."
            )
    return _check_sample_weight(
        _in_order(values, weight, "sample_weight"),
        values,
        dtype=np.float64,
        ensure_non_negative=True,
    )


def _in_order(values, given, argument):
    names = getattr(values, "names", None)
    if names is None:
        if isinstance(given, Mapping):
            raise ValueError(
                f"{argument} is a dict, which is supported for a folder of images only, "
                "because its keys are file names. Pass an array with one entry per "
                "sample."
            )
        return given
    keys = _keys_of(given)
    if keys is None:
        if given is not None:
            _warn_of_order(names, argument)
        return given
    _check_keys(keys, names, argument)
    if isinstance(given, Mapping):
        given = dict(zip(keys, given.values(), strict=True))
        # Several labels are tuples, also where none of them is known.
        widths = {len(v) for v in given.values() if isinstance(v, (tuple, list))}
        blank = (None,) * widths.pop() if len(widths) == 1 else None
        entries = (given.get(name) for name in names)
        return [blank if entry is None else entry for entry in entries]
    # Integers beside missing values would become floats.
    given = given if len(given) == len(names) else given.astype(object)
    return given.set_axis(keys).reindex(names)


def _keys_of(given):
    """The names by which a dict, a Series or a DataFrame is keyed, a list; else None.

    An index is positions, unless any of its entries is a string or a path.
    """
    if isinstance(given, Mapping):
        keys = list(given)
    elif nw.dependencies.is_pandas_series(given) or nw.dependencies.is_pandas_dataframe(
        given
    ):
        keys = list(given.index)
        if not any(isinstance(key, (str, os.PathLike)) for key in keys):
            return None
    else:
        return None
    return [Path(key).as_posix() if isinstance(key, os.PathLike) else key for key in keys]


def _check_keys(keys, names, argument):
    known = set(names)
    strangers = [key for key in keys if key not in known]
    if strangers:
        raise ValueError(
            f"{argument} names the file {str(strangers[0])!r}, which is not an image in "
            f"the folder X. The first images are {names[:3]}. Pass {argument} = {_KEYED}."
        )
    if len(set(keys)) < len(keys):
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(
            f"{argument} names the file {str(twice)!r} twice. Leave one of them out."
        )


def _warn_of_order(names, argument):
    """Warn if files that are sorted as text are not in the order of their numbers."""
    by_number = sorted(names, key=_natural)
    if by_number != names:
        first = int(np.argmax([a != b for a, b in zip(names, by_number, strict=True)]))
        shown = names[max(first - 1, 0) : first + 2]
        warn_user(
            f"X is a folder whose files are sorted as text: {shown} follow one another. "
            f"{argument} does not name the files, so its entries belong to other images "
            f"if they are in the order of the numbers. Pass {argument} = {_KEYED}."
        )


def _natural(name):
    """A key that sorts numbers within text by their value."""
    return [
        (int(part), "") if part.isdigit() else (-1, part)
        for part in re.split(r"(\d+)", name)
    ]
