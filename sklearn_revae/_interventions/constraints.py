"""What the columns of an edited row must obey, exactly: kept, bounded, one-way."""

from collections.abc import Mapping
from numbers import Real

import numpy as np

from sklearn_revae._data.names import feature_index, written_name

DIRECTIONS = (1, -1)


class Constraints:
    """Columns that stay, and limits of those that do not.

    Parameters
    ----------
    keep : str, int or sequence of these, or None
        Columns that come back as they went in.
    bounds : dict of column to (low, high), or None
        None leaves a side open.
    direction : dict of column to 1 or -1, or None
        Whether a column may only rise, or only fall.
    names : sequence of str or None
        The columns' names; without them they go by their index.
    n_features : int
        Number of columns.
    whole : array of bool (n_features,), optional
        Columns of whole numbers, whatever their type.
    unordered : array of bool (n_features,), optional
        Columns of categories, which have no more or less.

    Attributes
    ----------
    kept_ : list of int
        Indices of `keep`.
    bounds_ : dict of int to (float, float)
        Infinite where open.
    direction_ : dict of int to int
        1 or -1.

    Raises
    ------
    ValueError
        For an unknown column, and what can be no limit of it.
    """

    def __init__(
        self, keep, bounds, direction, names, n_features, whole=None, unordered=None
    ):
        self._names = None if names is None else list(names)
        self._n_features = n_features
        self._whole = np.zeros(n_features, bool) if whole is None else whole
        unordered = np.zeros(n_features, bool) if unordered is None else unordered
        if keep is None:
            keep = []
        elif isinstance(keep, str) or np.ndim(keep) == 0:
            keep = [keep]
        self.kept_ = [self._index(column, "keep") for column in keep]
        self.bounds_ = {}
        for column, pair in _mapping(bounds, "bounds", "(low, high)").items():
            self.bounds_[self._index(column, "bounds")] = _read_pair(column, pair)
        self.direction_ = {}
        for column, sign in _mapping(direction, "direction", "1 or -1").items():
            if sign not in DIRECTIONS:
                raise ValueError(
                    f"direction={{{column!r}: {sign!r}}} is neither 1, for a column that "
                    "may only rise, nor -1, for one that may only fall."
                )
            self.direction_[self._index(column, "direction")] = int(sign)
        for parameter in ("bounds", "direction"):
            limited = getattr(self, parameter + "_")
            for j in limited:
                if j in self.kept_:
                    raise ValueError(
                        f"keep and {parameter} both name column {self._name(j)}: name it "
                        "in one of them."
                    )
                if unordered[j]:
                    raise ValueError(
                        f"{parameter} names column {self._name(j)}, which holds "
                        "categories: they know no more or less. Keep it, or leave it "
                        "free."
                    )

    def _index(self, column, parameter):
        return feature_index(column, self._names, self._n_features, parameter)

    def _name(self, j):
        return written_name(self._names, j)

    @property
    def limits(self):
        """Whether there is anything to hold but what is kept."""
        return bool(self.bounds_ or self.direction_)

    def apply(self, values, own, dtypes):
        """Bring edited `values` within the limits, in place.

        Parameters
        ----------
        values : ndarray (n, n_features) or (n, m, n_features)
            Edited rows.
        own : ndarray (n, n_features)
            The rows they were made from; NaN where missing, which limits nothing.
        dtypes : sequence of dtype (n_features,)
            What the values will be stored as: the limits hold after that.

        Raises
        ------
        ValueError
            If no value of a row's column can obey its bounds and its direction both.
        """
        for j in sorted({*self.bounds_, *self.direction_}):
            low, high = self._limits(j, dtypes[j])
            low = np.full(len(values), low)
            high = np.full(len(values), high)
            sign = self.direction_.get(j)
            if sign is not None:
                there = ~np.isnan(own[:, j])
                side = np.where(there, own[:, j], -sign * np.inf)
                low, high = (
                    (np.maximum(low, side), high)
                    if sign > 0
                    else (low, np.minimum(high, side))
                )
            if (low > high).any():
                i = int(np.flatnonzero(low > high)[0])
                raise ValueError(
                    f"bounds and direction leave no value for column {self._name(j)} of "
                    f"row {i}, which is {own[i, j]:g} in X: widen "
                    f"bounds={self.bounds_[j]} or drop the direction."
                )
            shape = (-1,) + (1,) * (values.ndim - 2)
            values[..., j] = values[..., j].clip(low.reshape(shape), high.reshape(shape))

    def _limits(self, j, dtype):
        """The bounds of column `j` as its type can hold them, no wider."""
        low, high = self.bounds_.get(j, (-np.inf, np.inf))
        if self._whole[j] or dtype.kind in "iub":
            inner = np.ceil(low), np.floor(high)
        else:
            inner = _inward(low, dtype, np.inf), _inward(high, dtype, -np.inf)
        if inner[0] > inner[1]:
            raise ValueError(
                f"bounds={{{self._name(j)}: ({low:g}, {high:g})}} hold no value of the "
                f"column's type, {dtype}: widen them."
            )
        return inner


def _mapping(given, parameter, value):
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise ValueError(f"{parameter}={given!r} is no dict: write {{column: {value}}}.")
    return given


def _read_pair(column, pair):
    """(low, high) with infinity where None was written."""
    try:
        low, high = pair
    except (TypeError, ValueError):
        low = high = pair
    sides = []
    for side, missing in ((low, -np.inf), (high, np.inf)):
        number = isinstance(side, Real) and not isinstance(side, (bool, np.bool_))
        sides.append(missing if side is None else float(side) if number else np.nan)
    if np.ndim(pair) != 1 or len(pair) != 2 or not sides[0] <= sides[1]:
        raise ValueError(
            f"bounds={{{column!r}: {pair!r}}} is no pair (low, high) of numbers, low "
            "first; None leaves a side open."
        )
    return tuple(sides)


def _inward(limit, dtype, inside):
    """`limit` as a number of `dtype`, on its side towards `inside`."""
    if dtype.kind != "f" or np.isinf(limit):
        return limit
    with np.errstate(over="ignore"):
        rounded = dtype.type(limit)
    # As doubles: NumPy would round the limit itself before comparing.
    beyond = float(rounded) < limit if inside > 0 else float(rounded) > limit
    return float(np.nextafter(rounded, dtype.type(inside)) if beyond else rounded)
