"""Arguments of interventions: which labels change, to which values, and how."""

from collections.abc import Hashable, Mapping, Set
from numbers import Real

import numpy as np

from sklearn_revae._interventions.sequences import (
    as_pair,
    as_scalar,
    holds_several,
    listed,
    shortened,
)
from sklearn_revae._model.edits import METHODS


def read_do(labels, do, n_rows):
    """Codes (n_rows,) of the requested values by the position of their label.

    Parameters
    ----------
    labels : LabelCodes or None
        The labels of the model.
    do : dict of label to value, or a value where there is one label
        An array gives each sample its own value, or, where it is not labelled, none.
    n_rows : int
        Number of samples.

    Returns
    -------
    dict of int to ndarray of int
        In the order of `do`; -1, or NaN for a number, where no value is requested.

    Raises
    ------
    ValueError
        For an unknown label or value, naming the known ones.
    """
    names = _known(labels).names_
    if isinstance(do, Mapping):
        values = _by_position(labels, do, "do")
    elif len(names) == 1:
        values = {0: do}
    else:
        raise ValueError(
            f"do must be a dict {{label: value}}, because the model has several labels, "
            f"{names}, got {shortened(do)}."
        )
    if not values:
        raise ValueError("do={} does not name a label: pass a dict {label: value}.")
    return {
        label: _codes_of(labels, label, value, n_rows) for label, value in values.items()
    }


def _by_position(labels, given, argument):
    """The values of a dict by the position of their label."""
    values = {}
    for label, value in given.items():
        position = labels.index(label, argument)
        if position in values:
            raise ValueError(
                f"{argument} names the label {labels.names_[position]!r} twice: remove "
                "one of the two."
            )
        values[position] = value
    return values


def _codes_of(labels, label, value, n_rows):
    """Codes (n_rows,) of one value of a label, or of a value for each sample."""
    name = labels.names_[label]
    problem = ValueError(
        f"do must give one value of {name!r}, or one for each of the {n_rows} samples, "
        f"got {shortened(value)}: {labels.described_values(label)}."
    )
    try:
        # As an array, strings beside -1 would all be strings.
        requested = np.asarray(
            value, object if isinstance(value, (list, tuple)) else None
        )
    except ValueError as error:
        # Its elements differ in length.
        raise problem from error
    if requested.shape not in ((), (n_rows,)):
        raise problem
    try:
        if requested.ndim:
            return labels.encode_requests(requested, label)
        return np.repeat(labels.encode_values(requested[None], label), n_rows)
    except TypeError as error:
        # Its elements are lists, sets or the like.
        raise problem from error


def without_request(requested):
    """Mask (n, L) of the requests that are none, in the order of `requested`."""
    codes = np.stack(list(requested.values()), axis=1)
    return np.isnan(codes) if codes.dtype.kind == "f" else codes < 0


def completed(requested, predicted):
    """Requests in which predicted codes (n, L) take the place of those that are none."""
    none = without_request(requested)
    return {
        label: np.where(none[:, a], predicted[:, label].astype(codes.dtype), codes)
        for a, (label, codes) in enumerate(requested.items())
    }


def read_method(labels, method, requested, n_rows, dim):
    """How the characteristic latents of each requested label move.

    Parameters
    ----------
    labels : LabelCodes
        The labels of the model.
    method : str or dict
        The argument of `intervene`.
    requested : list of int
        Positions of the labels that are edited.
    n_rows : int
        Number of samples.
    dim : int
        Number of latent dimensions per label.

    Returns
    -------
    methods : list of str or float
        For each requested label one of METHODS, "given", or a position on the line that
        `traverse` follows.
    latents : ndarray (n_rows, len(requested), dim)
        The latents of labels whose method is "given", otherwise 0.

    Raises
    ------
    ValueError
        For an unknown method, and for latents of other labels or of another shape.
    """
    latents = np.zeros((n_rows, len(requested), dim))
    if not isinstance(method, Mapping):
        if not _is_method(method):
            raise ValueError(
                f"method must be one of {list(METHODS)}, or a dict with one of them, a "
                f"position or latents for each label, got {shortened(method)}."
            )
        return [method] * len(requested), latents
    given = _by_position(labels, method, "method")
    if set(given) != set(requested):
        names = [labels.names_[label] for label in requested]
        raise ValueError(
            f"method is a dict for the labels {list(method)}, but do names {names}: pass "
            "one entry for each label of do."
        )
    methods = []
    for place, label in enumerate(requested):
        own = as_scalar(given[label])
        if isinstance(own, str):
            methods.append(_read_name(labels, label, own))
        elif isinstance(own, Real) and not isinstance(own, (bool, np.bool_)):
            methods.append(_read_position(labels, label, own))
        else:
            latents[:, place] = _read_latents(labels, label, own, n_rows, dim)
            methods.append("given")
    return methods, latents


def _is_method(method):
    return isinstance(method, str) and method in METHODS


def _read_name(labels, label, method):
    if not _is_method(method):
        raise ValueError(
            f"method for {labels.names_[label]!r} must be one of {list(METHODS)}, a "
            f"position or latents, got {method!r}."
        )
    return method


def _read_position(labels, label, position):
    if not np.isfinite(float(position)):
        raise ValueError(
            f"method for {labels.names_[label]!r} must be a finite number where it is a "
            "position, 0 at the start of the line of traverse and 1 at its end, got "
            f"{position}."
        )
    # A position needs a line, and so two classes.
    read_ends(labels, label, None)
    return float(position)


def _read_latents(labels, label, given, n_rows, dim):
    try:
        latents = np.asarray(given)
        # NumPy would drop the imaginary part with a warning only.
        latents = None if np.iscomplexobj(latents) else latents.astype(np.float64)
    except (TypeError, ValueError):
        latents = None
    if (
        latents is None
        or latents.shape not in ((dim,), (n_rows, dim))
        or not np.isfinite(latents).all()
    ):
        raise ValueError(
            f"method for {labels.names_[label]!r} must hold finite latents of shape "
            f"({dim},), or of shape ({n_rows}, {dim}) for one code per sample, got "
            f"{shortened(given)}."
        )
    return latents


def check_combination(n_samples, max_columns):
    """Refuse arguments of `intervene` that cannot be combined.

    Raises
    ------
    ValueError
        With the arguments.
    """
    if max_columns is not None and n_samples is not None:
        raise ValueError(
            f"max_columns={max_columns} requires n_samples=None, got "
            f"n_samples={n_samples}: leave one of the two out."
        )


def read_labels(labels, given, argument):
    """Positions of the labels that an argument names, each once; None names all.

    Raises
    ------
    ValueError
        For an unknown label, and if no label is named.
    """
    names = _known(labels).names_
    if given is None:
        return list(range(len(names)))
    found = [labels.index(label, argument) for label in listed(given, argument)]
    if not found:
        raise ValueError(f"{argument} is empty: name one or more of the labels {names}.")
    return list(dict.fromkeys(found))


def read_ends(labels, label, values):
    """Codes of the two values between which a label is traversed.

    None means the first and the last class.

    Raises
    ------
    ValueError
        If `values` are not two different values of the label.
    """
    name, classes = labels.names_[label], labels.classes_[label].tolist()
    if len(classes) < 2:
        raise ValueError(
            f"Label {name!r} has only one class, {classes}, so there is no direction to "
            "traverse."
        )
    if values is None:
        return 0, len(classes) - 1
    pair = as_pair(values)
    if pair is None or not all(isinstance(value, Hashable) for value in pair):
        raise ValueError(
            f"values must be a pair of values of {name!r}, got {shortened(values)}: its "
            f"values are {classes}."
        )
    first, last = (int(labels.encode_values([value], label)[0]) for value in pair)
    if first == last:
        raise ValueError(
            f"values must be two different values of {name!r}, got {shortened(values)}."
        )
    return first, last


def read_lines(labels, label, values):
    """The labels that are traversed, one or two, and the values at both ends of each.

    Returns
    -------
    list of (int, (int, int))
        The position of each label, and the codes of its two values.

    Raises
    ------
    ValueError
        For labels and values that do not define one line, or a grid of two.
    """
    _known(labels)
    label = as_scalar(label)
    if not holds_several(label):
        position = labels.index(label, "label")
        return [(position, read_ends(labels, position, values))]
    # The order of a set is arbitrary, but decides which axis belongs to which label.
    names = [] if isinstance(label, Set) else listed(label, "label")
    if len(names) != 2:
        raise ValueError(
            f"label must be one label, or a list of two for a grid, got "
            f"{shortened(label)}."
        )
    positions = read_labels(labels, names, "label")
    if len(positions) < 2:
        raise ValueError(
            f"label names the same label twice, {names}: pass two different ones."
        )
    ends = [None, None] if values is None else as_pair(values)
    if ends is None:
        raise ValueError(
            f"values must be two pairs of values, one for each label of {names}, got "
            f"{shortened(values)}."
        )
    return [
        (position, read_ends(labels, position, pair))
        for position, pair in zip(positions, ends, strict=True)
    ]


def _known(labels):
    if labels is None:
        raise ValueError(
            "Interventions need a label to change, but the model was fitted without y: "
            "fit it with labels."
        )
    return labels
