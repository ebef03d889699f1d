"""Hiding labels at random, to try semi-supervised learning on labelled data."""

from collections.abc import Sequence
from numbers import Integral, Real
from typing import Any, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, validate_params

from sklearn_revae._data.labels import LabelCodes
from sklearn_revae._data.marking import mark
from sklearn_revae._data.targets import as_array
from sklearn_revae._typing import Container, RandomState


def _n_kept(n_rows, fraction):
    """Number of rows that `fraction` keeps of `n_rows`: rounded, and at least one."""
    return min(n_rows, max(1, round(fraction * n_rows)))


def _kept_of_label(codes, n_per_class, fraction, random):
    """Mask (n,) of the entries of one label that are kept, drawn class by class."""
    kept = np.zeros(len(codes), dtype=bool)
    for code in np.unique(codes[codes >= 0]):
        rows = np.flatnonzero(codes == code)
        count = _n_kept(len(rows), fraction) if fraction else min(n_per_class, len(rows))
        kept[random.choice(rows, count, replace=False)] = True
    return kept


def _kept_rows(codes, fraction, random):
    """Mask (n,) of the rows that are kept, drawn from all rows with any label."""
    rows = np.flatnonzero((codes >= 0).any(axis=1))
    kept = np.zeros(len(codes), dtype=bool)
    kept[random.choice(rows, _n_kept(len(rows), fraction), replace=False)] = True
    return kept


def _mark_frame(y, kept, marker):
    """Return a copy of the DataFrame `y` with the marker where it is not kept."""
    marked = y.copy()
    for position in range(y.shape[1]):
        column = mark(y.iloc[:, position], kept[:, position], marker)
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
    """Keep some of the labels and mark all others as unlabelled.

    Pass exactly one of `n_per_class` and `fraction`. Entries that are already unlabelled
    stay unlabelled, and are neither a class nor counted.

    .. versionadded:: 0.2

    Parameters
    ----------
    y : array-like of shape (n_samples,) or (n_samples, n_labels)
        Labels, as the estimators accept them: integers, strings, booleans or pandas
        dtypes.

    n_per_class : int, default=None
        Number of samples of each class that keep their label. A class with fewer samples
        keeps all of them. Only for a single label.

    fraction : float, default=None
        Fraction of the labels to keep, in (0, 1]. For a single label, this fraction of
        each class, rounded, and at least one sample. For several labels, this fraction of
        the samples that have any label.

    cells : bool, default=False
        Only for several labels. If True, each label is masked separately, as if it were
        the only one, so that a sample may keep some of its labels. If False, a sample
        keeps all of its labels or none.

    random_state : int, RandomState instance or None, default=None
        Determines which labels are kept. Pass an int for reproducible output across
        multiple calls.

    unlabeled_value : int, float, str or None, default=-1
        Value that marks an entry as unlabelled. It must be the `unlabeled_value` of the
        estimator.

    Returns
    -------
    y_masked : ndarray, Series or DataFrame of shape (n_samples,) or (n_samples, n_labels)
        A copy of `y`; a Series or DataFrame keeps its type, index and names. Integers and
        floats stay numeric if the marker is a number, and NumPy strings stay strings if
        it is a string. Any other combination becomes an array of objects, because NumPy
        would convert -1 to a string beside strings, True to 1 beside -1, and -1 to a
        float beside 2**63.

    Raises
    ------
    ValueError
        If not exactly one of `n_per_class` and `fraction` is given, if `n_per_class` is
        given for several labels, if y holds soft labels, or if a parameter has an invalid
        value.

    See Also
    --------
    sklearn_revae.ReVAEClassifier : Learns from labelled and unlabelled samples.

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
            "Pass exactly one of n_per_class and fraction, got "
            f"n_per_class={n_per_class!r} and fraction={fraction!r}."
        )
    values = y if hasattr(y, "iloc") else as_array(y)
    several = values.ndim == 2 and values.shape[1] > 1
    if several and n_per_class is not None:
        raise ValueError(
            f"n_per_class={n_per_class!r} requires a single label, but y has "
            f"{values.shape[1]} labels: pass fraction instead."
        )
    labels = values
    if values.ndim == 2 and not several:
        # A single column is a single label; as a vector it causes no warning.
        labels = values.iloc[:, 0] if hasattr(values, "iloc") else values[:, 0]
    codes, _ = LabelCodes(unlabeled_value).fit(labels).encode_soft(labels)
    if (codes < -1).any():
        raise ValueError(
            "y holds soft labels with several possible classes, which belong to no class "
            "to keep a part of. Write None over the entries of y that should be "
            "unlabelled."
        )
    random = check_random_state(random_state)
    if several and not cells:
        kept = np.tile(_kept_rows(codes, fraction, random)[:, None], codes.shape[1])
    else:
        kept_by_label = [
            _kept_of_label(column, n_per_class, fraction, random) for column in codes.T
        ]
        kept = np.stack(kept_by_label, axis=1)
    kept &= codes >= 0
    if hasattr(y, "columns"):
        return _mark_frame(y, kept, unlabeled_value)
    return mark(values, kept.reshape(values.shape), unlabeled_value)
