"""Few labels from many: what a semi-supervised model is tried on."""

from collections.abc import Sequence
from numbers import Integral, Real
from typing import Any, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, validate_params

from sklearn_revae._data.labels import LabelCodes, _as_array
from sklearn_revae._typing import Container, RandomState


def _share(n_rows, fraction):
    """Return how many of `n_rows` that is, at least one of those there are."""
    return min(n_rows, max(1, round(fraction * n_rows)))


def _kept_of_label(codes, n_per_class, fraction, random):
    """Where one label (n,) is kept: a share, or a number, of each of its classes."""
    kept = np.zeros(len(codes), dtype=bool)
    for code in np.unique(codes[codes >= 0]):
        rows = np.flatnonzero(codes == code)
        count = _share(len(rows), fraction) if fraction else min(n_per_class, len(rows))
        kept[random.choice(rows, count, replace=False)] = True
    return kept


def _kept_rows(codes, fraction, random):
    """Where rows (n,) of several labels are kept: a share of all that know any."""
    rows = np.flatnonzero((codes >= 0).any(axis=1))
    kept = np.zeros(len(codes), dtype=bool)
    kept[random.choice(rows, _share(len(rows), fraction), replace=False)] = True
    return kept


def _dtype_for(dtype, marker):
    """Return a dtype that holds values of `dtype` and the marker as what they are."""
    number = isinstance(marker, Real) and not isinstance(marker, (bool, np.bool_))
    integer = number and isinstance(marker, Integral)
    if (dtype.kind == "f" and number) or (dtype.kind in "iu" and integer):
        if not isinstance(dtype, np.dtype) or dtype.kind == "f":
            return dtype  # pandas' nullable integers hold what they can, or say so
        # Of unsigned integers and a signed one NumPy may make floats.
        signed = dtype if dtype.kind == "i" else np.dtype(np.int64)
        return np.promote_types(signed, np.min_scalar_type(marker))
    if isinstance(dtype, np.dtype) and dtype.kind == "U" and isinstance(marker, str):
        return np.promote_types(dtype, np.asarray(marker).dtype)
    return np.dtype(object)


def _mark(y, kept, marker):
    """Return a copy of the array or Series `y`, with the marker where it is not kept."""
    y = y.astype(_dtype_for(y.dtype, marker))
    if hasattr(y, "iloc"):
        y.iloc[np.flatnonzero(~kept)] = marker
    else:
        y[~kept] = marker
    return y


def _mark_frame(y, kept, marker):
    """Return a copy of the DataFrame `y` with the marker where it is not kept."""
    marked = y.copy()
    for position in range(y.shape[1]):
        column = _mark(y.iloc[:, position], kept[:, position], marker)
        marked.isetitem(position, column)
    return marked


@overload
def mask_labels(
    y: Container,
    n_per_class: int | None = None,
    fraction: float | None = None,
    *,
    cells: bool = False,
    random_state: RandomState = None,
    unlabeled_value: object = -1,
) -> Container: ...
@overload
def mask_labels(
    y: ArrayLike | Sequence[object],
    n_per_class: int | None = None,
    fraction: float | None = None,
    *,
    cells: bool = False,
    random_state: RandomState = None,
    unlabeled_value: object = -1,
) -> NDArray[Any]: ...
@validate_params(
    {
        "y": ["array-like"],
        "n_per_class": [Interval(Integral, 1, None, closed="left"), None],
        "fraction": [Interval(Real, 0, 1, closed="right"), None],
        "cells": ["boolean"],
        "random_state": ["random_state"],
        "unlabeled_value": "no_validation",
    },
    prefer_skip_nested_validation=True,
)
def mask_labels(
    y: Any,
    n_per_class: int | None = None,
    fraction: float | None = None,
    *,
    cells: bool = False,
    random_state: RandomState = None,
    unlabeled_value: object = -1,
) -> Any:
    """Keep few of the labels and mark all others as unlabelled.

    Give exactly one of `n_per_class` and `fraction`. What is unlabelled already is no
    class, stays unlabelled and is not counted.

    .. versionadded:: 0.2

    Parameters
    ----------
    y : array-like (n,) or (n, L)
        Labels, as the estimators take them: ints, strings, bools, pandas' types.

    n_per_class : int, default=None
        Number of rows of each class that keep their label; all of a class that has
        fewer. For one label only.

    fraction : float, default=None
        Share that keeps its labels, above 0 and at most 1. For one label that share of
        each class, rounded, but at least one row of each. For several labels that
        share of the rows, chosen among all of them alike.

    cells : bool, default=False
        For several labels: if True, mask each label on its own, as if it were the only
        one, so that a row may keep some of its labels. If False, a row keeps all of its
        labels or none.

    random_state : int, RandomState instance or None, default=None
        Determines which labels are kept. Pass an int for the same ones at every call.

    unlabeled_value : object, default=-1
        What to write for "unlabelled"; the same as the estimator's `unlabeled_value`.

    Returns
    -------
    y_masked : ndarray, Series or DataFrame (n,) or (n, L)
        A copy of `y`, a Series or DataFrame if `y` is one, with its index and names.
        Ints and floats stay what they are where the marker is a number. All else,
        strings and bools among it, becomes an array of objects: next to -1 NumPy
        would turn strings into other strings, and True into 1.

    Raises
    ------
    ValueError
        If not exactly one of `n_per_class` and `fraction` is given, or if `n_per_class`
        is given for several labels.

    See Also
    --------
    sklearn_revae.ReVAEClassifier : Learns from labelled and unlabelled rows.

    Examples
    --------
    >>> from sklearn_revae.datasets import mask_labels
    >>> mask_labels([0, 0, 0, 1, 1, 1], n_per_class=1, random_state=0)
    array([-1, -1,  0, -1, -1,  1])
    >>> mask_labels(["cat", "dog", "cat", "dog"], fraction=0.5, random_state=0)
    array([-1, 'dog', 'cat', -1], dtype=object)
    """
    if (n_per_class is None) == (fraction is None):
        raise ValueError(
            "Give exactly one of n_per_class and fraction; got "
            f"n_per_class={n_per_class!r} and fraction={fraction!r}."
        )
    values = y if hasattr(y, "iloc") else _as_array(y)
    several = values.ndim == 2 and values.shape[1] > 1
    if several and n_per_class is not None:
        raise ValueError(
            f"n_per_class is for one label, but y has {values.shape[1]}: the classes of "
            "one label are not those of another. Give fraction instead."
        )
    labels = values
    if values.ndim == 2 and not several:
        # One label all the same, and no cause for LabelCodes' warning.
        labels = values.iloc[:, 0] if hasattr(values, "iloc") else values[:, 0]
    codes = LabelCodes(unlabeled_value).fit(labels).encode(labels)
    random = check_random_state(random_state)
    if several and not cells:
        kept = np.tile(_kept_rows(codes, fraction, random)[:, None], codes.shape[1])
    else:
        columns = [_kept_of_label(c, n_per_class, fraction, random) for c in codes.T]
        kept = np.stack(columns, axis=1)
    kept &= codes >= 0
    if hasattr(y, "columns"):
        return _mark_frame(y, kept, unlabeled_value)
    return _mark(values, kept.reshape(values.shape), unlabeled_value)
