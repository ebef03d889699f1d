"""What fit has learned of columns, labels and errors: each object's state, and back.

A state is a dict of plain values and arrays. What is read is checked for what would be
wrong much later, or silently.
"""

import numpy as np

from sklearn_revae._data.labels import LabelCodes
from sklearn_revae._data.scaling import LIKELIHOODS, Columns, Levels
from sklearn_revae._data.tables import Table
from sklearn_revae._imputation.residuals import Residuals

_KINDS = (
    "real",
    "positive",
    "binary",
    "categorical",
    "ordinal",
    "count",
    "bounded",
    "pixel",
)
# Of each column, by their names in Columns.
_SCALES = (
    "shift_",
    "scale_",
    "seen_low_",
    "seen_high_",
    "spread_",
    "missing_",
)


def check(condition, what):
    """Refuse what a state says of `what`.

    Raises
    ------
    ValueError
        If `condition` does not hold.
    """
    if not condition:
        raise ValueError(f"what it says of {what} cannot be")


def numbers(array, shape, what):
    """`array`, if it is one of finite doubles of this shape.

    Raises
    ------
    ValueError
        If it is not.
    """
    check(isinstance(array, np.ndarray) and array.dtype == np.float64, what)
    check(array.shape == shape and np.isfinite(array).all(), what)
    return array


def codes(array, shape, n_values, what):
    """`array`, if it is one of whole numbers from 0 to below `n_values`.

    Raises
    ------
    ValueError
        If it is not.
    """
    check(isinstance(array, np.ndarray) and array.dtype == np.int64, what)
    check(array.shape == shape, what)
    check(((array >= 0) & (array < n_values)).all(), what)
    return array


def names(values, n, what):
    """`values`, if they are `n` strings.

    Raises
    ------
    ValueError
        If they are not.
    """
    check(isinstance(values, list) and len(values) == n, what)
    check(all(isinstance(value, str) for value in values), what)
    return values


def columns_state(columns):
    """State of :class:`Columns`; its names are those of the estimator's features."""
    state = {name: getattr(columns, name) for name in _SCALES}
    low, high = columns.range_
    return state | {
        "low_": low,
        "high_": high,
        "likelihood": columns.likelihood,
        "kinds": _coded(columns.kinds_, _KINDS),
        "families": _coded(columns.families_, LIKELIHOODS),
        "typical": columns.typical_,
        "typical_spread": columns.typical_spread_,
        "levels": [
            {"column": int(j), "ordered": bool(levels.ordered), "numbers": levels.numbers}
            for j, levels in columns.levels_.items()
        ],
    }


def _coded(words, known):
    """Words as places among those known, which the file names: later ones have more."""
    place = {word: code for code, word in enumerate(known)}
    array = np.array([place[word] for word in words], dtype=np.int64)
    return {"known": list(known), "codes": array}


def _words(state, n, known, what):
    check(set(state["known"]) <= set(known), what)
    places = codes(state["codes"], (n,), len(state["known"]), what)
    return np.array(state["known"], dtype=object)[places]


def columns_from(state, n_features, feature_names, categories):
    """:class:`Columns` of a state; `categories` are the table's, by column."""
    columns = Columns(state["likelihood"]).named(feature_names)
    for name in _SCALES:
        setattr(columns, name, numbers(state[name], (n_features,), name))
    check((columns.scale_ > 0).all(), "scales")
    check((columns.spread_ >= 0).all(), "spread_")
    columns.kinds_ = _words(state["kinds"], n_features, _KINDS, "kinds")
    columns.families_ = _words(state["families"], n_features, LIKELIHOODS, "families")
    for name, known in zip(("low_", "high_"), columns.range_, strict=True):
        check((numbers(state[name], (n_features,), name) == known).all(), name)
    columns.levels_ = {}
    for levels in state["levels"]:
        j, values = levels["column"], levels["numbers"]
        check(type(j) is int and 0 <= j < n_features, "levels")
        check((values is None) == (j in categories), "levels")
        if values is not None:
            check(_ascending(numbers(values, np.shape(values), "levels")), "levels")
        n_levels = len(categories[j] if values is None else values)
        columns.levels_[j] = Levels(n_levels, bool(levels["ordered"]), values)
    check(len(columns.levels_) == len(state["levels"]), "levels")
    leveled = np.isin(columns.families_, ["categorical", "ordinal"])
    check(set(columns.levels_) == set(np.flatnonzero(leveled).tolist()), "levels")
    check(set(categories) <= set(columns.levels_), "categories")
    for name in ("typical", "typical_spread"):
        setattr(columns, f"{name}_", numbers(state[name], (n_features,), name))
    check((columns.typical_spread_ > 0).all(), "typical_spread")
    return columns


def table_state(table):
    """State of :class:`Table`; how many levels there are, the columns say as well."""
    return [[int(j), values] for j, values in table.categories_.items()]


def categories_of(state):
    """Categories by column, of a table's state or of none."""
    categories = {}
    for j, values in state or []:
        check(type(j) is int and j >= 0 and j not in categories, "categories")
        # Distinct, and such as can be looked up.
        check(isinstance(values, list) and len(values) > 0, "categories")
        check(len(set(values)) == len(values), "categories")
        categories[j] = values
    return categories


def table_from(categories, columns):
    """:class:`Table` of categories by column."""
    table = Table()
    table.categories_ = categories
    table.levels_ = {j: columns.levels_[j] for j in categories}
    return table


def labels_state(labels):
    """State of :class:`LabelCodes`."""
    return {
        "unlabeled_value": labels.unlabeled_value,
        "classes": list(labels.classes_),
        "names": list(labels.names_),
        "several": bool(labels.several_),
    }


def labels_from(state):
    """:class:`LabelCodes` of a state."""
    labels = LabelCodes(state["unlabeled_value"])
    classes, labels.several_ = state["classes"], state["several"]
    check(isinstance(classes, list) and len(classes) > 0, "classes")
    for values in classes:
        check(isinstance(values, np.ndarray) and values.ndim == 1, "classes")
        check(len(values) > 0 and _ascending(values), "classes")
    check(type(labels.several_) is bool, "labels")
    check(labels.several_ or len(classes) == 1, "labels")
    labels.classes_ = classes
    labels.names_ = names(state["names"], len(classes), "label names")
    check(len(set(labels.names_)) == len(classes), "label names")
    return labels


def _ascending(values):
    return values.ndim == 1 and bool((values[:-1] < values[1:]).all())


def residuals_state(residuals):
    """State of :class:`Residuals`."""
    return {
        "columns": residuals.columns_,
        "known": residuals.known_,
        "hidden_to_known": residuals.hidden_to_known_,
        "hidden": residuals.hidden_,
    }


def residuals_from(state, n_features):
    """:class:`Residuals` of a state."""
    residuals = Residuals()
    columns = state["columns"]
    residuals.columns_ = codes(columns, np.shape(columns), n_features, "residuals")
    check(_ascending(columns), "residuals")
    shape = (len(columns), len(columns))
    residuals.known_ = numbers(state["known"], shape, "residuals")
    residuals.hidden_to_known_ = numbers(state["hidden_to_known"], shape, "residuals")
    residuals.hidden_ = numbers(state["hidden"], shape, "residuals")
    return residuals
