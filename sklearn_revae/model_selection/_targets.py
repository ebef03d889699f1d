"""How y is read: as classes, or as the numbers of a regression."""

import numpy as np
from sklearn.base import is_regressor
from sklearn.pipeline import Pipeline

from sklearn_revae._data.label_numbers import cells_of
from sklearn_revae._data.labels import LabelCodes
from sklearn_revae._data.missing import is_missing
from sklearn_revae._data.targets import (
    check_unlabeled_value,
    observed_cells,
    read_targets,
)


def marker_for(estimator, unlabeled_value):
    """Return what marks unlabelled entries: NaN for numbers, in place of a value."""
    return np.nan if is_regressor(estimator) else unlabeled_value


def holder_of(attribute, estimator):
    """Return the estimator that has an attribute: this one, or one inside it.

    Pipelines, searches and wrappers do not have all attributes of the estimator that
    reads y. None if no estimator has the attribute.
    """
    while estimator is not None and not hasattr(estimator, attribute):
        if isinstance(estimator, Pipeline):
            estimator = estimator.steps[-1][1]
            continue
        inside = ("best_estimator_", "estimator_", "estimator")
        found = (getattr(estimator, name, None) for name in inside)
        estimator = next((inner for inner in found if inner is not None), None)
    return estimator


def require_y(y, owner):
    """Refuse a y that is None; `owner` is the name of the estimator or function."""
    if y is None:
        raise ValueError(f"{owner} requires y to be passed, but the target y is None.")


def check_marker(estimator, unlabeled_value):
    """Refuse a classifier for which another value marks unlabelled entries.

    Raises
    ------
    ValueError
        If it, or an estimator inside it, has another `unlabeled_value`, or if this one
        cannot mark entries.
    """
    if is_regressor(estimator):
        return
    check_unlabeled_value(unlabeled_value)
    last = holder_of("unlabeled_value", estimator)
    own = getattr(last, "unlabeled_value", unlabeled_value)
    if is_missing(own) and is_missing(unlabeled_value):
        return
    if own != unlabeled_value:
        raise ValueError(
            f"unlabeled_value={unlabeled_value!r}, but that of {type(last).__name__} is "
            f"{own!r}. Pass the same value to both."
        )


def is_a_class(value, classifier):
    """Whether a fitted classifier has this value among its classes."""
    classes = getattr(classifier, "classes_", ())
    # Classifiers of several labels have a list of arrays.
    of_labels = classes if isinstance(classes, list) else [classes]
    return any(not observed_cells(np.asarray(c), value).all() for c in of_labels)


def codes_of(y, unlabeled_value, numeric):
    """Return the codes (n, L) of the classes of y, or 0 for numbers; -1 if unlabelled."""
    if not numeric:
        return LabelCodes(unlabeled_value).fit(y).encode(y)
    return np.where(np.isnan(cells_of(read_targets(y, None))), -1, 0)


def observed_entries(y, unlabeled_value, numeric):
    """Return the entries of y that are labelled.

    Returns
    -------
    names : list of str
        Names of the labels.
    several : bool
        Whether y has several labels.
    entries : list of pairs of ndarray
        For each label the positions of its labelled entries, and these entries.
    """
    if numeric:
        targets = read_targets(y, None)
        cells = cells_of(targets)
        index = [np.flatnonzero(~np.isnan(column)) for column in cells.T]
        values = [column[i] for column, i in zip(cells.T, index, strict=True)]
        return targets.names, targets.several, list(zip(index, values, strict=True))
    labels = LabelCodes(unlabeled_value).fit(y)
    codes = labels.encode(y).T
    index = [np.flatnonzero(column >= 0) for column in codes]
    values = [
        classes[column[i]]
        for classes, column, i in zip(labels.classes_, codes, index, strict=True)
    ]
    return labels.names_, labels.several_, list(zip(index, values, strict=True))
