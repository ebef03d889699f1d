"""What an intervention asks for: labels, their values, latents given outright."""

from collections.abc import Mapping
from numbers import Integral, Real

import numpy as np

from sklearn_revae._model.edits import METHODS


def read_do(labels, do, n_rows):
    """Codes (n_rows,) asked for, by the index of their label, in the order of `do`.

    Parameters
    ----------
    labels : LabelCodes or None
        The labels of the model.
    do : dict of label to value, or a value where there is one label
        An array gives each row its own value.
    n_rows : int
        Number of rows.

    Raises
    ------
    ValueError
        For an unknown label or value, naming the known ones.
    """
    names = _known(labels).names_
    if not isinstance(do, Mapping):
        if len(names) != 1:
            raise ValueError(
                f"do={do!r} names no label, and there are several: write "
                f"{{label: value}} with labels among {names}."
            )
        do = {0: do}
    if not do:
        raise ValueError("do={} asks for nothing: write {label: value}.")
    targets = {}
    for label, value in do.items():
        index = labels.index(label)
        if index in targets:
            raise ValueError(f"do names the label {names[index]!r} twice.")
        wanted = np.asarray(value)
        if wanted.ndim == 0:
            code = labels.encode_values([wanted.item()], index)
            targets[index] = np.repeat(code, n_rows)
        elif wanted.shape == (n_rows,):
            targets[index] = labels.encode_values(wanted, index)
        else:
            raise ValueError(
                f"do has values of shape {wanted.shape} for {names[index]!r}: give "
                f"one value, or one for each of the {n_rows} rows."
            )
    return targets


def read_method(labels, method, asked, n_rows, dim):
    """How the latents of the `asked` labels move, and where to.

    Returns
    -------
    methods : list of str or float
        For each of them one of METHODS, "given", or a share of the label's line.
    latents : ndarray (n_rows, len(asked), dim)
        Those given outright, zeros for other labels.

    Raises
    ------
    ValueError
        For an unknown method, and latents of other labels or of another shape.
    """
    if not isinstance(method, Mapping):
        _check_method(method, "", "or a dict {label: latents}")
        return [method] * len(asked), np.zeros((n_rows, len(asked), dim))
    ways = {labels.index(label): way for label, way in method.items()}
    if set(ways) != set(asked):
        names = [labels.names_[index] for index in asked]
        raise ValueError(
            f"method gives latents for {list(method)}, but do asks for {names}: give "
            "them for the same labels."
        )
    methods = []
    latents = np.zeros((n_rows, len(asked), dim))
    for place, index in enumerate(asked):
        way, name = ways[index], labels.names_[index]
        if isinstance(way, str):
            _check_method(way, f" of {name!r}", "a place on its line, or latents")
            methods.append(way)
        elif isinstance(way, Real) and not isinstance(way, (bool, np.bool_)):
            if not np.isfinite(way):
                raise ValueError(
                    f"method places {name!r} at {way}: give a finite number, 0 at the "
                    "start of its line and 1 at the end."
                )
            read_ends(labels, index, None)
            methods.append(float(way))
        else:
            latents[:, place] = _read_latents(way, name, n_rows, dim)
            methods.append("given")
    return methods, latents


def _check_method(method, of, alternatives):
    if not isinstance(method, str) or method not in METHODS:
        raise ValueError(
            f"method={method!r}{of} is none of {list(METHODS)}, {alternatives}."
        )


def _read_latents(given, name, n_rows, dim):
    block = np.asarray(given, dtype=np.float64)
    if block.shape not in ((dim,), (n_rows, dim)) or not np.isfinite(block).all():
        raise ValueError(
            f"method gives latents of shape {block.shape} for {name!r}: they should be "
            f"finite numbers of shape ({dim},), or ({n_rows}, {dim}) for each row its "
            "own."
        )
    return block


def read_labels(labels, asked):
    """Indices of the labels named; None names all.

    Raises
    ------
    ValueError
        For an unknown label, or none at all.
    """
    _known(labels)
    if asked is None:
        return list(range(len(labels.names_)))
    if isinstance(asked, (str, Integral)):
        asked = [asked]
    indices = [labels.index(label) for label in asked]
    if not indices:
        raise ValueError(f"labels={asked!r} names none: the labels are {labels.names_}.")
    return indices


def read_ends(labels, label, values):
    """Codes of the two values between which a label is traversed.

    Raises
    ------
    ValueError
        If `values` are no two different values of the label.
    """
    n_values = len(labels.classes_[label])
    if n_values < 2:
        raise ValueError(
            f"{labels.names_[label]!r} has a single value, "
            f"{labels.classes_[label].tolist()}: there is nowhere to go."
        )
    if values is None:
        return 0, n_values - 1
    if np.ndim(values) != 1 or len(values) != 2:
        raise ValueError(
            f"values={values!r} is no pair of values of {labels.names_[label]!r}."
        )
    first, last = (int(labels.encode_values([v], label)[0]) for v in values)
    if first == last:
        raise ValueError(f"values={values!r} are the same: give two different ones.")
    return first, last


def _known(labels):
    if labels is None:
        raise ValueError(
            "An intervention needs a label to change, but the model was fitted without y."
        )
    return labels
