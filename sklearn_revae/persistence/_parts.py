"""What fit has learned about columns, labels and errors: states of objects, and back.

A state is a dict of plain values and arrays. A state that is read is checked for mistakes
that would otherwise show much later, or not at all.
"""

import numpy as np

from sklearn_revae._data.bins import N_BINS
from sklearn_revae._data.codec import Codec
from sklearn_revae._data.kinds import Levels
from sklearn_revae._data.tables import Table
from sklearn_revae._imputation.residuals import Residuals
from sklearn_revae._inference.latent_density import LatentDensity
from sklearn_revae._interventions.drawing import StoredCodes
from sklearn_revae._model.families import FAMILIES, default_families, families_of
from sklearn_revae._sample_statistics import SampleStatistics

# The attributes of Scaling with a number for each column.
_SCALES = (
    "shift_",
    "scale_",
    "seen_low_",
    "seen_high_",
    "spread_",
)


def check(condition, what):
    """Refuse a state whose part `what` is invalid.

    Raises
    ------
    ValueError
        If `condition` does not hold.
    """
    if not condition:
        raise ValueError(f"its entry {what!r} is invalid")


def numbers(array, shape, what):
    """`array`, if it holds finite float64 numbers and has this shape.

    Raises
    ------
    ValueError
        If it is not.
    """
    check(isinstance(array, np.ndarray) and array.dtype == np.float64, what)
    check(array.shape == shape and np.isfinite(array).all(), what)
    return array


def codes(array, shape, n_values, what):
    """`array`, if it holds integers from 0 to below `n_values` and has this shape.

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


def codec_state(codec):
    """State of :class:`Codec`, without its categories; its names are in the template."""
    scaling = codec.scaling_
    state = {name: getattr(scaling, name) for name in _SCALES}
    low, high = scaling.range_
    return state | {
        "missing_": codec.missing_,
        "clips": scaling.clips_,
        "limits": scaling.limits_,
        "whole": scaling.whole_,
        "closed": scaling.closed_,
        "constant": scaling.constant_,
        "edges": [[int(j), edges] for j, edges in codec.edges_.items()],
        "codes": [[int(j), code] for j, own in codec.codes_.items() for code in own],
        "low_": low,
        "high_": high,
        "likelihood": codec.likelihood,
        "kinds": _coded(codec.kinds_, _kinds()),
        "families": _coded(codec.families_, tuple(FAMILIES)),
        "typical": codec.mean_count_,
        "typical_spread": codec.count_spread_,
        "levels": [
            {"column": int(j), "ordered": bool(levels.ordered), "numbers": levels.numbers}
            for j, levels in codec.levels_.items()
        ],
    }


def _kinds():
    """All kinds of columns, which the families state."""
    stated = {family.kind for family in FAMILIES.values()} - {None}
    return sorted({*default_families(), *stated})


def _coded(words, known):
    """Words as positions in the list `known`, which the file stores with them.

    A later version may have a longer list, in another order.
    """
    place = {word: code for code, word in enumerate(known)}
    array = np.array([place[word] for word in words], dtype=np.int64)
    return {"known": list(known), "codes": array}


def _words(state, n, known, what):
    check(set(state["known"]) <= set(known), what)
    places = codes(state["codes"], (n,), len(state["known"]), what)
    return np.array(state["known"], dtype=object)[places]


def codec_from(state, names, n_features, categories, template, picture_shape):
    """:class:`Codec` of a state; `categories` are the table's, by column.

    The `names` of the columns, a list or None, are used if the template has none.
    """
    codec = Codec(state["likelihood"])
    codec.template_, codec.picture_shape_ = template, picture_shape
    if names is not None and codec.names is None:
        codec.var_names_ = names
    codec.missing_ = numbers(state["missing_"], (n_features,), "missing_")
    codec.kinds_ = _words(state["kinds"], n_features, _kinds(), "kinds")
    codec.families_ = _words(state["families"], n_features, tuple(FAMILIES), "families")
    codec.levels_ = {}
    for levels in state["levels"]:
        j, values = levels["column"], levels["numbers"]
        check(type(j) is int and 0 <= j < n_features, "levels")
        check((values is None) == (j in categories), "levels")
        if values is not None:
            check(ascending(numbers(values, np.shape(values), "levels")), "levels")
        n_levels = len(categories[j] if values is None else values)
        codec.levels_[j] = Levels(n_levels, bool(levels["ordered"]), values)
    check(len(codec.levels_) == len(state["levels"]), "levels")
    discrete = np.isin(codec.families_, families_of("level"))
    check(set(codec.levels_) == set(np.flatnonzero(discrete).tolist()), "levels")
    check(set(categories) <= set(codec.levels_), "categories")
    codec.table_ = Table()
    codec.table_.categories_ = categories
    codec.table_.ordered_ = {j for j in categories if codec.levels_[j].ordered}
    codec.codes_ = {}
    # Files that were written before codes were recognised do not hold any.
    for j, value in state.get("codes", []):
        check(type(j) is int and 0 <= j < n_features, "codes")
        check(type(value) is float and np.isfinite(value), "codes")
        codec.codes_[j] = (*codec.codes_.get(j, ()), value)
    codec.edges_ = {}
    # Nor do files that were written before numbers had bins hold edges.
    for j, edges in state.get("edges", []):
        check(type(j) is int and 0 <= j < n_features and j not in codec.edges_, "edges")
        codec.edges_[j] = numbers(edges, (N_BINS + 1,), "edges")
    codec.scaling_ = codec.make_scaling()
    for name in _SCALES:
        setattr(codec.scaling_, name, numbers(state[name], (n_features,), name))
    # Files that were written before columns were clipped do not state it.
    codec.scaling_.clips_ = state.get("clips", False)
    check(type(codec.scaling_.clips_) is bool, "clips")
    # Nor do those that were written before decoded values were limited.
    codec.scaling_.limits_ = state.get("limits", False)
    check(type(codec.scaling_.limits_) is bool, "limits")
    for name in ("whole", "closed", "constant"):
        if name in state:
            mask = state[name]
            check(mask.dtype == bool and mask.shape == (n_features,), name)
            setattr(codec.scaling_, f"{name}_", mask)
    check((codec.scaling_.scale_ > 0).all(), "scales")
    check((codec.scaling_.spread_ >= 0).all(), "spread_")
    for name, known in zip(("low_", "high_"), codec.scaling_.range_, strict=True):
        check((numbers(state[name], (n_features,), name) == known).all(), name)
    codec.mean_count_ = numbers(state["typical"], (n_features,), "typical")
    spread = numbers(state["typical_spread"], (n_features,), "typical_spread")
    check((spread > 0).all(), "typical_spread")
    codec.count_spread_ = spread
    return codec


def categories_state(table):
    """The categories of a :class:`Table`, by column."""
    return [[int(j), values] for j, values in table.categories_.items()]


def categories_of(state):
    """Categories by column, from a state, which may be None if there are none."""
    categories = {}
    for j, values in state or []:
        check(type(j) is int and j >= 0 and j not in categories, "categories")
        # They have to be distinct and hashable.
        check(isinstance(values, list) and len(values) > 0, "categories")
        check(len(set(values)) == len(values), "categories")
        categories[j] = values
    return categories


def ascending(values):
    """Whether an array has one dimension and is strictly ascending."""
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
    check(ascending(columns), "residuals")
    shape = (len(columns), len(columns))
    residuals.known_ = numbers(state["known"], shape, "residuals")
    residuals.hidden_to_known_ = numbers(state["hidden_to_known"], shape, "residuals")
    residuals.hidden_ = numbers(state["hidden"], shape, "residuals")
    return residuals


def statistics_from(state, n_features, module):
    """:class:`SampleStatistics` of the state of an estimator."""
    quantiles, residuals = state["score_quantiles"], state["residuals"]
    check(quantiles.shape == (101,) and quantiles.dtype == np.float64, "quantiles")
    # Files that were written before codes and certainty were stored do not hold any.
    stored, certainty = state.get("codes"), state.get("certainty")
    stored = stored and codes_from(stored, module)
    if certainty is not None:
        shape = module.label_model.log_prior.shape
        check(((numbers(certainty, shape, "certainty") > 0).all()), "certainty")
    # Earlier files hold quantiles of scores that are computed with the prior.
    scores_codes = state.get("scores_codes", False)
    check(scores_codes is (scores_codes and stored is not None), "scores_codes")
    return SampleStatistics(
        {
            "residuals": residuals and residuals_from(residuals, n_features),
            "codes": stored,
            "latent_density": (
                LatentDensity(stored.means, stored.scales) if scores_codes else None
            ),
            "score_quantiles": quantiles,
            "certainty": certainty,
        }
    )


def codes_state(codes):
    """State of :class:`StoredCodes`."""
    return dict(vars(codes))


def codes_from(state, module):
    """:class:`StoredCodes` of a state, for a module."""
    members, n_features = module.members, len(module.likelihood.discrete)
    means, columns, drawn = state["means"], state["columns"], state["drawn"]
    mapped = state["mapped"]
    n_members, m = len(members), len(columns)
    check(means.ndim == 3 and means.shape[1] > 0, "codes")
    rows = means.shape[1]
    for name, dtype, shape in (
        ("means", np.float16, (n_members, rows, module.latent_dim)),
        ("scales", np.float32, (n_members, module.latent_dim)),
        ("roots", np.float32, (n_members, m, m)),
        ("drawn", np.float32, (len(mapped), drawn.shape[1])),
        ("seen", np.float32, (len(mapped), drawn.shape[1])),
    ):
        check(state[name].dtype == dtype, "codes")
        numbers(state[name].astype(np.float64), shape, "codes")
    for places in (columns, mapped):
        codes(places, np.shape(places), n_features, "codes")
        check(ascending(places), "codes")
    for name in ("drawn", "seen"):
        check((np.diff(state[name]) >= 0).all(), "codes")
    return StoredCodes(**state)
