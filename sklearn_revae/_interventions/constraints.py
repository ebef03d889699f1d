"""Constraints on the columns of edited samples: kept, bounded, or one direction only."""

from collections.abc import Hashable, Mapping
from numbers import Real

import numpy as np

from sklearn_revae._data.chunks import range_of
from sklearn_revae._data.missing import where_missing
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
        A limit is a number, or an array with a number for each sample. None and missing
        values leave a side open.
    direction : dict of column to 1 or -1, or None
        Whether a column may only increase, or only decrease.
    names : sequence of str or None
        Names of the columns; None where only positions identify them.
    n_features : int
        Number of columns.
    n_rows : int
        Number of samples.
    integer : ndarray of bool (n_features,), optional
        Columns that hold integers, whatever their dtype.
    categorical : ndarray of bool (n_features,), optional
        Columns that hold categories.

    Attributes
    ----------
    kept_ : list of int
        Positions of the columns of `keep`.
    bounds_ : dict of int to ndarray (2, n_rows)
        Lower and upper limits by position, infinite where open.
    direction_ : dict of int to int
        1 or -1 by position.

    Raises
    ------
    ValueError
        For an unknown column, and for a limit that the column cannot have.
    """

    def __init__(
        self,
        keep,
        bounds,
        direction,
        names,
        n_features,
        n_rows,
        integer=None,
        categorical=None,
    ):
        self._names = None if names is None else list(names)
        self._n_features, self._n_rows = n_features, n_rows
        nothing = np.zeros(n_features, bool)
        self._integer = nothing if integer is None else integer
        self._categorical = nothing if categorical is None else categorical
        columns = [] if keep is None else listed(keep, "keep", self._names or ())
        self.kept_ = [self._index(column, "keep") for column in columns]
        self.bounds_ = self._read(bounds, "bounds", "(low, high)", self._read_pair)
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
                    f"{argument} cannot be set for column {self._name(j)}, which holds "
                    "categories: use keep instead."
                )
            limits[j] = read(column, limit)
        return limits

    def kept_cells(self, rows=None):
        """Mask (n_rows, n_features) of kept columns, and of the rows or cells `rows`."""
        kept = self._columns_kept(self._n_rows)
        if rows is not None:
            kept[rows] = True
        return kept

    def kept_mask(self, n_rows):
        """Mask (n_rows, n_features) of kept columns; None if there are none."""
        return self._columns_kept(n_rows) if self.kept_ else None

    def _columns_kept(self, n_rows):
        kept = np.zeros((n_rows, self._n_features), dtype=bool)
        kept[:, self.kept_] = True
        return kept

    @property
    def limits(self):
        """Whether there are bounds or directions."""
        return bool(self.bounds_ or self.direction_)

    def _read_pair(self, column, given):
        """Limits (2, n_rows), infinite where they are open."""
        pair = as_pair(given)
        limits = pair and [
            _read_limit(limit, if_open, self._n_rows)
            for limit, if_open in zip(pair, (-np.inf, np.inf), strict=True)
        ]
        if not limits or any(limit is None for limit in limits):
            raise ValueError(
                f"bounds={{{column!r}: {shortened(given)}}} must give a pair (low, high) "
                "of numbers with low <= high; None leaves a side open. Instead of a "
                "number, an array gives each sample its own limit, and must be of shape "
                f"({self._n_rows},)."
            )
        low, high = limits
        if not (low <= high).all():
            i = int(np.argmin(low <= high))
            raise ValueError(
                f"bounds={{{column!r}: {shortened(given)}}} must satisfy low <= high, "
                f"but sample {i} has low={low[i]:g} and high={high[i]:g}."
            )
        return np.stack(limits)

    def apply(self, values, own, dtypes, rows=slice(None)):
        """Clip edited `values` to the bounds and directions, in place.

        Parameters
        ----------
        values : ndarray (n, n_features) or (n, m, n_features)
            Edited samples.
        own : ndarray (n, n_features)
            The samples before the edit. A missing value does not limit the direction.
        dtypes : sequence of dtype (n_features,)
            The dtypes in which the values will be stored; the limits hold after that.
        rows : ndarray of int (n,), optional
            The positions of the samples, if they are only some of all.

        Raises
        ------
        ValueError
            If no value of a sample satisfies both the bounds and the direction.
        """
        for j in sorted({*self.bounds_, *self.direction_}):
            low, high = self._limits(j, dtypes[j], rows, len(values))
            sign = self.direction_.get(j)
            if sign is not None:
                start = np.where(np.isnan(own[:, j]), -sign * np.inf, own[:, j])
                if sign > 0:
                    low = np.maximum(low, start)
                else:
                    high = np.minimum(high, start)
            if (low > high).any():
                i = int(np.flatnonzero(low > high)[0])
                bounds = self.bounds_[j][:, rows][:, i]
                raise ValueError(
                    f"bounds={tuple(bounds.tolist())} and direction={sign} leave no "
                    f"value for column {self._name(j)} of sample "
                    f"{np.arange(self._n_rows)[rows][i]}, which is {own[i, j]:g} in X: "
                    "widen the bounds or remove the direction."
                )
            shape = (-1,) + (1,) * (values.ndim - 2)
            values[..., j] = values[..., j].clip(low.reshape(shape), high.reshape(shape))

    def _limits(self, j, dtype, rows, n):
        """The tightest bounds (2, n) of column `j` that its dtype can represent."""
        if j not in self.bounds_:
            return np.full((2, n), [[-np.inf], [np.inf]])
        low, high = self.bounds_[j][:, rows]
        if self._integer[j] or dtype.kind in "iub":
            inner = np.ceil(low), np.floor(high)
            if dtype.kind in "iu":
                least, most = range_of(dtype)
                inner = np.maximum(inner[0], least), np.minimum(inner[1], most)
        else:
            inner = _inward(low, dtype, np.inf), _inward(high, dtype, -np.inf)
        empty = inner[0] > inner[1]
        if empty.any():
            i = int(np.argmax(empty))
            holds = f"value that the column's dtype, {dtype}, can represent"
            if self._integer[j] and dtype.kind == "f":
                holds = "whole number, as the column holds"
            raise ValueError(
                f"bounds={{{self._name(j)}: ({low[i]:g}, {high[i]:g})}} contain no "
                f"{holds}: widen them."
            )
        return np.stack(inner)


def _read_limit(limit, if_open, n_rows):
    """A limit for each sample (n_rows,), `if_open` where it is missing; None if wrong."""
    if limit is None:
        return np.full(n_rows, if_open)
    single = isinstance(limit, (Real, str, bytes))
    try:
        given = np.asarray([limit] if single else limit)
    except ValueError:
        # Its elements differ in length.
        return None
    if given.shape != ((1,) if single else (n_rows,)) or given.dtype.kind not in "iufO":
        return None
    missing = where_missing(given)
    observed = given[~missing]
    if (single and missing.any()) or not all(map(_is_number, observed)):
        return None
    limits = np.full(given.shape, if_open)
    try:
        limits[~missing] = _rounded_inward(observed, -if_open)
    except OverflowError:
        return None
    return np.repeat(limits, n_rows) if single else limits


def _rounded_inward(numbers, inside):
    """Numbers as float64, which does not represent all integers, rounded to `inside`."""
    rounded = numbers.astype(np.float64)
    pairs = list(zip(rounded.tolist(), numbers.tolist(), strict=True))
    beyond = [near < exact if inside > 0 else near > exact for near, exact in pairs]
    return np.where(beyond, np.nextafter(rounded, inside), rounded)


def _is_number(value):
    return isinstance(value, Real) and not isinstance(value, (bool, np.bool_))


def _read_direction(column, given):
    sign = as_scalar(given)
    if not isinstance(sign, Hashable) or sign not in DIRECTIONS:
        raise ValueError(
            f"direction={{{column!r}: {shortened(given)}}} must be 1, if the column may "
            "only increase, or -1, if it may only decrease."
        )
    return int(sign)


def _inward(limits, dtype, inside):
    """`limits` (n,) as numbers of `dtype`, rounded towards `inside`."""
    if dtype.kind != "f":
        return limits
    with np.errstate(over="ignore"):
        rounded = limits.astype(dtype)
    # As doubles: NumPy would round the limits themselves before comparing.
    back = rounded.astype(np.float64)
    beyond = back < limits if inside > 0 else back > limits
    further = np.nextafter(rounded, dtype.type(inside)).astype(np.float64)
    return np.where(beyond, further, back)
