"""Constraints on the columns of edited samples: kept, bounded, or one direction only."""

from collections.abc import Hashable, Mapping
from numbers import Real

import numpy as np

from sklearn_revae._data.names import feature_index, written_name
from sklearn_revae._interventions.sequences import as_pair, as_scalar, listed, shortened

DIRECTIONS = (1, -1)


class Constraints:
    """Columns that are kept, and limits on the others.

    Parameters
    ----------
    keep : str, int or iterable of these, or None
        Columns that are returned unchanged.
    bounds : dict of column to (low, high), or None
        None as a limit leaves a side open.
    direction : dict of column to 1 or -1, or None
        Whether a column may only increase, or only decrease.
    names : sequence of str or None
        Names of the columns; None where only positions identify them.
    n_features : int
        Number of columns.
    integer : ndarray of bool (n_features,), optional
        Columns that hold integers, whatever their dtype.
    categorical : ndarray of bool (n_features,), optional
        Columns that hold categories.

    Attributes
    ----------
    kept_ : list of int
        Positions of the columns of `keep`.
    bounds_ : dict of int to (float, float)
        Bounds by position, infinite where open.
    direction_ : dict of int to int
        1 or -1 by position.

    Raises
    ------
    ValueError
        For an unknown column, and for a limit that the column cannot have.
    """

    def __init__(
        self, keep, bounds, direction, names, n_features, integer=None, categorical=None
    ):
        self._names = None if names is None else list(names)
        self._n_features = n_features
        nothing = np.zeros(n_features, bool)
        self._integer = nothing if integer is None else integer
        self._categorical = nothing if categorical is None else categorical
        columns = [] if keep is None else listed(keep, "keep", self._names or ())
        self.kept_ = [self._index(column, "keep") for column in columns]
        self.bounds_ = self._read(bounds, "bounds", "(low, high)", _read_pair)
        self.direction_ = self._read(direction, "direction", "1 or -1", _read_direction)

    def _index(self, column, argument):
        return feature_index(column, self._names, self._n_features, argument)

    def _name(self, j):
        return written_name(self._names, j)

    def _read(self, given, argument, value, read):
        """The limits in a dict of columns, by position."""
        limits = {}
        if given is None:
            return limits
        if not isinstance(given, Mapping):
            raise ValueError(
                f"{argument} must be a dict {{column: {value}}}, got {shortened(given)}."
            )
        for column, limit in given.items():
            j = self._index(column, argument)
            if j in limits:
                raise ValueError(
                    f"{argument} names column {self._name(j)} twice: remove one of the "
                    "two."
                )
            if j in self.kept_:
                raise ValueError(
                    f"keep and {argument} both name column {self._name(j)}: remove it "
                    "from one of them."
                )
            if self._categorical[j]:
                raise ValueError(
                    f"{argument} cannot be set for the categorical column "
                    f"{self._name(j)}: use keep instead."
                )
            limits[j] = read(column, limit)
        return limits

    @property
    def limits(self):
        """Whether there are bounds or directions."""
        return bool(self.bounds_ or self.direction_)

    def apply(self, values, own, dtypes):
        """Clip edited `values` to the bounds and directions, in place.

        Parameters
        ----------
        values : ndarray (n, n_features) or (n, m, n_features)
            Edited samples.
        own : ndarray (n, n_features)
            The samples before the edit. A missing value does not limit the direction.
        dtypes : sequence of dtype (n_features,)
            The dtypes in which the values will be stored; the limits hold after that.

        Raises
        ------
        ValueError
            If no value of a sample satisfies both the bounds and the direction.
        """
        for j in sorted({*self.bounds_, *self.direction_}):
            low, high = self._limits(j, dtypes[j])
            low = np.full(len(values), low)
            high = np.full(len(values), high)
            sign = self.direction_.get(j)
            if sign is not None:
                start = np.where(np.isnan(own[:, j]), -sign * np.inf, own[:, j])
                if sign > 0:
                    low = np.maximum(low, start)
                else:
                    high = np.minimum(high, start)
            if (low > high).any():
                i = int(np.flatnonzero(low > high)[0])
                raise ValueError(
                    f"bounds={self.bounds_[j]} and direction={sign} leave no value for "
                    f"column {self._name(j)} of sample {i}, which is {own[i, j]:g} in X: "
                    "widen the bounds or remove the direction."
                )
            shape = (-1,) + (1,) * (values.ndim - 2)
            values[..., j] = values[..., j].clip(low.reshape(shape), high.reshape(shape))

    def _limits(self, j, dtype):
        """The tightest bounds of column `j` that its dtype can represent."""
        low, high = self.bounds_.get(j, (-np.inf, np.inf))
        if self._integer[j] or dtype.kind in "iub":
            inner = np.ceil(low), np.floor(high)
        else:
            inner = _inward(low, dtype, np.inf), _inward(high, dtype, -np.inf)
        if inner[0] > inner[1]:
            raise ValueError(
                f"bounds={{{self._name(j)}: ({low:g}, {high:g})}} contain no value that "
                f"the column's dtype, {dtype}, can represent: widen them."
            )
        return inner


def _read_pair(column, given):
    """(low, high), with infinity where None was given."""
    pair = as_pair(given)
    low, high = map(_read_limit, pair or (np.nan, np.nan), (-np.inf, np.inf))
    if not low <= high:
        raise ValueError(
            f"bounds={{{column!r}: {shortened(given)}}} must give a pair (low, high) of "
            "numbers with low <= high; None leaves a side open."
        )
    return low, high


def _read_limit(limit, if_open):
    """A limit as a float: `if_open` for None, NaN if it is not a number."""
    if limit is None:
        return if_open
    if not isinstance(limit, Real) or isinstance(limit, (bool, np.bool_)):
        return np.nan
    try:
        return float(limit)
    except OverflowError:
        return np.nan


def _read_direction(column, given):
    sign = as_scalar(given)
    if not isinstance(sign, Hashable) or sign not in DIRECTIONS:
        raise ValueError(
            f"direction={{{column!r}: {shortened(given)}}} must be 1, if the column may "
            "only increase, or -1, if it may only decrease."
        )
    return int(sign)


def _inward(limit, dtype, inside):
    """`limit` as a number of `dtype`, rounded towards `inside`."""
    if dtype.kind != "f" or np.isinf(limit):
        return limit
    with np.errstate(over="ignore"):
        rounded = dtype.type(limit)
    # As doubles: NumPy would round the limit itself before comparing.
    beyond = float(rounded) < limit if inside > 0 else float(rounded) > limit
    return float(np.nextafter(rounded, dtype.type(inside)) if beyond else rounded)
