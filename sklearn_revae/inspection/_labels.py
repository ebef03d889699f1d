"""The labels of a fitted model, and their classes."""

import numpy as np

from sklearn_revae._data.missing import is_missing


def label_index(estimator, label):
    """Return the position of a label that is given by its name or its position.

    Names come first, as in the methods: in a y whose columns are named by integers, an
    integer is a name.

    Raises
    ------
    ValueError
        If the model has no such label.
    """
    labels = estimator._labels
    if labels is None:
        raise ValueError(
            f"label={label!r} is not a label of the model: the model was fitted without "
            "y, so it has no labels."
        )
    try:
        return labels.index(label)
    except ValueError as error:
        raise ValueError(f"label={label!r} cannot be shown: {error}") from error


def label_classes(estimator, index):
    """Return the sorted classes of the label at `index` as a list."""
    classes = estimator.classes_
    return list(classes[index] if isinstance(classes, list) else classes)


def _is_unlabeled(value, unlabeled_value):
    if is_missing(value):
        return True
    # "-1" is not the marker -1, and True is not the marker 1, though Python calls the
    # latter two equal.
    if isinstance(value, str) != isinstance(unlabeled_value, str):
        return False
    return not isinstance(value, (bool, np.bool_)) and value == unlabeled_value


def codes_of(y, classes, unlabeled_value):
    """Return the index in `classes` of each entry of y (n,), -1 where unlabelled.

    Raises
    ------
    ValueError
        If an entry is neither a class nor marked as unlabelled.
    """
    cells = [None if _is_unlabeled(cell, unlabeled_value) else cell for cell in y]
    unknown = [cell for cell in cells if cell is not None and cell not in classes]
    if unknown:
        raise ValueError(
            f"y contains {unknown[0]!r}, which is not a class of the label: each entry "
            f"must be one of {classes}, or mark an unlabelled sample by "
            f"{unlabeled_value!r}, None or NaN."
        )
    codes = [-1 if cell is None else classes.index(cell) for cell in cells]
    return np.array(codes, dtype=np.int64)
