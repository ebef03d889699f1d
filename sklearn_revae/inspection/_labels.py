"""A model's labels, as its public face tells them."""

from numbers import Integral

import numpy as np


def label_index(estimator, label):
    """Position of a label given by its name or its index.

    Raises
    ------
    ValueError
        If there is no such label, naming the known ones.
    """
    names = list(estimator.label_names_)
    if isinstance(label, str) and label in names:
        return names.index(label)
    whole = isinstance(label, Integral) and not isinstance(label, bool)
    if whole and 0 <= label < len(names):
        return int(label)
    known = f"choose one of {names}" if names else "it was fitted without y"
    raise ValueError(f"label={label!r} is no label of the model: {known}.")


def label_classes(estimator, index):
    """Values of a label, sorted."""
    classes = estimator.classes_
    return list(classes[index] if isinstance(classes, list) else classes)


def _is_unlabeled(cell, marker):
    if cell is None or type(cell).__name__ in ("NAType", "NaTType"):
        return True
    if isinstance(cell, (float, np.floating)) and np.isnan(cell):
        return True
    same_kind = isinstance(cell, str) == isinstance(marker, str)
    return same_kind and not isinstance(cell, (bool, np.bool_)) and cell == marker


def codes_of(y, values, marker):
    """Place in `values` of each cell of y, -1 where unlabelled."""
    cells = [None if _is_unlabeled(cell, marker) else cell for cell in y]
    strange = [cell for cell in cells if cell is not None and cell not in values]
    if strange:
        raise ValueError(
            f"y holds {strange[0]!r}, which is no value of the label: those are {values}."
        )
    codes = [-1 if cell is None else values.index(cell) for cell in cells]
    return np.array(codes, dtype=np.int64)
