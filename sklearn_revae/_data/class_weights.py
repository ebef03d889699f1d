"""What `class_weight` makes of the weight of each sample, as in scikit-learn."""

import math
from collections.abc import Mapping
from numbers import Real

import numpy as np


def class_weight_factors(class_weight, labels, codes, weight):
    """Factor (n,) of the weight of each sample: the product over its observed labels.

    Parameters
    ----------
    class_weight : dict, "balanced", list or None
        The weight of each class, where classes that it does not hold have weight 1; for
        several labels a list with an entry for each.
    labels : LabelCodes or None
        The labels, None if there are none.
    codes : ndarray of int (n, L)
        Label codes, -1 where not observed.
    weight : ndarray (n,)
        Weights of the samples, for the class frequencies that "balanced" compensates.

    Raises
    ------
    ValueError
        For weights of something else than the classes, or a weight that is not positive.
    """
    factors = np.ones(len(weight))
    if class_weight is None or labels is None:
        return factors
    for label, given in enumerate(_of_each_label(class_weight, len(labels.classes_))):
        observed = codes[:, label] >= 0
        found = codes[observed, label]
        if isinstance(given, str):
            of_class = _balanced(found, weight[observed], len(labels.classes_[label]))
        else:
            of_class = _given(given, labels, label)
        factors[observed] *= of_class[found]
    return factors


def _of_each_label(class_weight, n_labels):
    """A dict or "balanced" for each label, a list."""
    if class_weight == "balanced":
        return ["balanced"] * n_labels
    if isinstance(class_weight, Mapping):
        if n_labels == 1:
            return [class_weight]
    elif len(class_weight) == n_labels and all(
        isinstance(given, Mapping) or given == "balanced" for given in class_weight
    ):
        return list(class_weight)
    form = "a dict {class: weight}"
    if n_labels > 1:
        form = "a list with a dict {class: weight} or 'balanced' for each label"
    raise ValueError(
        f"y has {n_labels} label(s), so class_weight must be 'balanced' or {form}, got "
        f"{class_weight!r}."
    )


def _balanced(codes, weight, n_classes):
    """Weights that are inversely proportional to the frequencies of the classes."""
    frequencies = np.bincount(codes, weight, minlength=n_classes)
    present = frequencies > 0
    mean = frequencies.sum() / max(present.sum(), 1)
    return np.divide(mean, frequencies, out=np.ones(n_classes), where=present)


def _given(given, labels, label):
    """The weights of the classes of a label, from a dict."""
    classes, name = labels.classes_[label].tolist(), labels.names_[label]
    for value, weight in given.items():
        if not isinstance(weight, Real) or not 0 < weight < math.inf:
            raise ValueError(
                "class_weight must hold positive finite numbers, but the weight of "
                f"{value!r} is {weight!r}."
            )
    unknown = [value for value in given if value not in classes]
    # As in scikit-learn, a dict that names all classes may name others: a fold of a
    # cross-validation may lack a rare class.
    if unknown and (
        labels.unlabeled_value in unknown or any(value not in given for value in classes)
    ):
        message = f"class_weight holds {unknown}, but {name} has the classes {classes}."
        if labels.unlabeled_value in unknown:
            message += " The weights of unlabelled samples belong in sample_weight."
        raise ValueError(message)
    return np.array([given.get(value, 1.0) for value in classes], dtype=np.float64)
