"""What fit has learned about labels, classes or numbers: states of objects, and back."""

import numpy as np

from sklearn_revae._data.label_numbers import LabelNumbers
from sklearn_revae._data.labels import LabelCodes
from sklearn_revae.persistence._parts import ascending, check, names, numbers


def labels_state(labels, module):
    """State of the labels of an estimator, entries of its own state.

    Parameters
    ----------
    labels : LabelCodes, LabelNumbers or None
        The labels.
    module : Ensemble
        The fitted module, which knows exclusions.
    """
    of_classes = isinstance(labels, LabelCodes)
    state = None
    if labels is not None:
        state = _codes_state(labels) if of_classes else _numbers_state(labels)
    exclusions = np.array(module.label_model.exclusions, dtype=np.int64)
    return {
        "labels": state,
        "counts": list(labels.counts_) if of_classes else [],
        "pair_counts": labels.pair_counts_ if of_classes else 0.0,
        "exclusions": exclusions.reshape(-1, 5),
    }


def labels_from(state, kind):
    """Labels of the state of an estimator, None if it has none.

    Parameters
    ----------
    state : dict
        What :func:`labels_state` has returned, among other entries.
    kind : {LabelCodes, LabelNumbers}
        What the labels of such an estimator are.
    """
    own, counts = state["labels"], state["counts"]
    if own is None or kind is LabelNumbers:
        check(state["pair_counts"] == 0.0 and len(counts) == 0, "counts")
        return None if own is None else _numbers_from(own)
    labels = _codes_from(own)
    check(len(counts) == len(labels.classes_), "counts")
    for count, n in zip(counts, labels.n_values, strict=True):
        numbers(count, (n,), "counts")
    labels.counts_ = counts
    labels.pair_counts_ = _pairs(state["pair_counts"], labels.classes_)
    if labels.pair_weights_ is None:
        labels.pair_weights_ = labels.pair_counts_
    return labels


def exclusions_from(array, n_values):
    """Exclusions of a label model: rows (label, value, other, excluded, instead)."""
    check(array.dtype == np.int64 and array.ndim == 2 and array.shape[1] == 5, "pairs")
    rows = [tuple(row) for row in array.tolist()]
    n_labels = len(n_values)
    for label, value, other, excluded, instead in rows:
        check(0 <= label < n_labels and 0 <= other < n_labels, "exclusions")
        check(label != other and 0 <= value < n_values[label], "exclusions")
        check(0 <= excluded < n_values[other], "exclusions")
        check(0 <= instead < n_values[other], "exclusions")
    return tuple(rows)


def _numbers_state(labels):
    """State of :class:`LabelNumbers`."""
    return {
        "mean": labels.mean_,
        "scale": labels.scale_,
        "names": list(labels.names_),
        "several": bool(labels.several_),
        "integer_names": bool(labels.integer_names_),
    }


def _numbers_from(state):
    """:class:`LabelNumbers` of a state."""
    labels = LabelNumbers()
    n_labels = len(state["names"])
    check(n_labels > 0, "labels")
    labels.mean_ = numbers(state["mean"], (n_labels,), "means of y")
    labels.scale_ = numbers(state["scale"], (n_labels,), "scales of y")
    check((labels.scale_ > 0).all(), "scales of y")
    return _named(labels, state, n_labels)


def _named(labels, state, n_labels):
    """Set the names of labels, and whether y had two dimensions."""
    labels.several_ = state["several"]
    check(type(labels.several_) is bool, "labels")
    check(labels.several_ or n_labels == 1, "labels")
    labels.names_ = names(state["names"], n_labels, "label names")
    check(len(set(labels.names_)) == n_labels, "label names")
    labels.integer_names_ = state.get("integer_names", False)
    check(type(labels.integer_names_) is bool, "label names")
    return labels


def _codes_state(labels):
    """State of :class:`LabelCodes`."""
    return {
        "unlabeled_value": labels.unlabeled_value,
        "classes": list(labels.classes_),
        "names": list(labels.names_),
        "several": bool(labels.several_),
        "integer_names": bool(labels.integer_names_),
        "pair_weights": labels.pair_weights_,
    }


def _codes_from(state):
    """:class:`LabelCodes` of a state."""
    labels = LabelCodes(state["unlabeled_value"])
    classes = state["classes"]
    check(isinstance(classes, list) and len(classes) > 0, "classes")
    for values in classes:
        check(isinstance(values, np.ndarray) and values.ndim == 1, "classes")
        check(len(values) > 0 and ascending(values), "classes")
    labels.classes_ = classes
    _named(labels, state, len(classes))
    # Files that were written before pairs were weighted do not hold these.
    labels.pair_weights_ = state.get("pair_weights")
    if labels.pair_weights_ is not None:
        labels.pair_weights_ = _pairs(labels.pair_weights_, classes)
    return labels


def _pairs(table, classes):
    """`table`, if it is one of all pairs of values, or 0.0.

    Raises
    ------
    ValueError
        If it is not.
    """
    if np.ndim(table) == 0:
        check(table == 0.0, "pairs of values")
        return 0.0
    n_values = sum(map(len, classes))
    return numbers(table, (n_values, n_values), "pairs of values")
