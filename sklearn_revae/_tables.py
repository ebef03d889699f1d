"""Tables of unlike columns to numbers, and numbers back to such tables.

A data frame, or an array of objects, becomes an array of floats: numbers as they are,
categories as codes 0, 1, ..., missing values as NaN. Results go back into the container
and the types X came in.
"""

from numbers import Number

import narwhals as nw
import numpy as np
import scipy.sparse

from sklearn_revae._columns import Levels, warn_unseen
from sklearn_revae._rows import dense, float_dtype


def is_frame(X):
    """Whether X is a pandas, polars or another eager data frame."""
    return hasattr(X, "columns") and nw.dependencies.is_into_dataframe(X)


def holds_objects(X):
    """Whether X is an array, or lists, of anything but numbers."""
    if is_frame(X) or scipy.sparse.issparse(X):
        return False
    if isinstance(X, (list, tuple)):
        # NumPy would turn numbers beside a string to strings.
        X = np.array(X, dtype=object) if _has_strings(X) else np.asarray(X)
    return getattr(getattr(X, "dtype", None), "kind", "f") in "OUST"


def _has_strings(rows):
    return any(isinstance(cell, str) for row in rows if np.iterable(row) for cell in row)


def _is_missing(value):
    # NaN and pandas' NaT are not themselves; pandas' NA refuses to say.
    return value is None or type(value).__name__ == "NAType" or value != value


def _object_columns(X):
    """Columns of an array of objects, as lists."""
    array = X if isinstance(X, np.ndarray) else np.array(X, dtype=object)
    return [list(array[:, j]) for j in range(array.shape[1])]


def _frame_columns(X):
    """Columns of a data frame: arrays of floats where numeric, else lists of objects."""
    columns = []
    for series in nw.from_native(X, eager_only=True).iter_columns():
        dtype = series.dtype
        if dtype.is_temporal():
            raise ValueError(
                f"Column {series.name!r} of X holds dates or times ({dtype}): turn them "
                "into numbers first, days since some date or the month, say."
            )
        if dtype.is_numeric():
            missing = series.is_null().to_numpy()
            if missing.any():
                # Null beside integers has no NumPy array of its own.
                series = series.cast(nw.Float64)
            numbers = np.array(series.to_numpy(), dtype=np.float64)
            numbers[missing] = np.nan
            columns.append(numbers)
        else:
            columns.append(series.to_list())
    return columns


def _declared_levels(X, j):
    """Levels in the order that column `j` declares, or None."""
    if not is_frame(X):
        return None
    series = nw.from_native(X, eager_only=True)[:, j]
    # narwhals calls ordered categories of any library so.
    return list(series.dtype.categories) if isinstance(series.dtype, nw.Enum) else None


def _order(value):
    """Sort key of values that may be of several types."""
    return (type(value).__name__ if not isinstance(value, Number) else "", value)


def _as_numbers(column):
    """A list of objects as floats, if all of them are numbers; else None."""
    for value in column:
        if not _is_missing(value) and (
            isinstance(value, (bool, np.bool_)) or not isinstance(value, Number)
        ):
            return None
    return np.array([np.nan if _is_missing(v) else v for v in column], dtype=np.float64)


class Table:
    """Coding of the columns of a table, learned in `fit`.

    Attributes
    ----------
    categories_ : dict of int to list
        Categories of each column that is not of numbers, in the order of their codes.
    levels_ : dict of int to Levels
        What :class:`~sklearn_revae._columns.Columns` needs to know of them.
    """

    def fit(self, X):
        """Learn which columns are categories, and which they have.

        Raises
        ------
        TypeError
            If a cell is neither a string nor a number.
        """
        self.categories_, self.levels_ = {}, {}
        self.n_features_ = len(self._columns(X))
        for j, column in enumerate(self._columns(X)):
            if isinstance(column, np.ndarray) or _as_numbers(column) is not None:
                continue
            there = {self._checked(v) for v in column if not _is_missing(v)}
            declared = _declared_levels(X, j)
            self.categories_[j] = declared or sorted(there, key=_order)
            self.levels_[j] = Levels(len(self.categories_[j]), bool(declared))
        return self

    @staticmethod
    def _columns(X):
        return _frame_columns(X) if is_frame(X) else _object_columns(X)

    @staticmethod
    def _checked(value):
        if not isinstance(value, (str, bytes, Number, bool, np.bool_)):
            raise TypeError(
                "A cell of X must be a string or a number, got argument "
                f"{value!r} of type {type(value).__name__}: argument must be a string "
                "or a real number."
            )
        return value

    def encode(self, X, name_of):
        """Floats (n, n_features) of X; categories not seen in `fit` count as missing.

        Parameters
        ----------
        X : data frame or array of objects
            A table of `n_features_` columns.
        name_of : callable
            What a message calls column j.

        Raises
        ------
        TypeError
            If a column of numbers now holds something else.
        """
        columns = self._columns(X)
        values = np.empty((len(columns[0]) if columns else 0, len(columns)))
        for j, column in enumerate(columns):
            if j in self.categories_:
                values[:, j] = self._codes(column, self.categories_[j], name_of(j))
                continue
            numbers = column if isinstance(column, np.ndarray) else _as_numbers(column)
            if numbers is None:
                strange = next(
                    v for v in column if not _is_missing(v) and _as_numbers([v]) is None
                )
                raise TypeError(
                    f"Column {name_of(j)} of X held numbers in fit, and now holds "
                    f"{strange!r}: argument must be a string or a number that fit has "
                    "seen the like of."
                )
            values[:, j] = numbers
        return values

    def _codes(self, column, categories, name):
        known = {value: code for code, value in enumerate(categories)}
        codes = np.full(len(column), np.nan)
        strange = []
        for i, value in enumerate(column):
            if _is_missing(value):
                continue
            code = known.get(self._checked(value))
            if code is None:
                strange.append(value)
            else:
                codes[i] = code
        if strange:
            warn_unseen(name, sorted(set(strange), key=_order))
        return codes

    def decode(self, values, j):
        """Column `j` in its own terms, from numbers: floats, or a list of categories."""
        if j not in self.categories_:
            return values
        categories = self.categories_[j]
        return [categories[int(code)] for code in values]

    def as_objects(self, values):
        """Array of objects (n, n_features) from numbers."""
        objects = np.empty(values.shape, dtype=object)
        for j in range(values.shape[1]):
            objects[:, j] = self.decode(values[:, j], j)
        return objects


def restore(X, values, table, kept=()):
    """`values` (n, n_features) in the container and types of X.

    Parameters
    ----------
    X : the container
        A data frame, an array of two or more dimensions, a list or a sparse matrix.
    values : ndarray (n, n_features)
        Decoded rows, categories as codes.
    table : Table or None
        The coding of the columns, if they have one.
    kept : sequence of int
        Columns that come back as X has them.
    """
    if is_frame(X):
        return _restore_frame(X, values, table, kept)
    if table is not None and table.categories_:
        columns = table.as_objects(values)
        kept = list(kept)
        columns[:, kept] = np.array(X, dtype=object)[:, kept]
        return columns
    if scipy.sparse.issparse(X):
        result = cast(values, X.dtype)
        kept = list(kept)
        result[:, kept] = X[:, kept].toarray()
        return type(X)(result)
    dtype = X.dtype if isinstance(X, np.ndarray) else np.asarray(X).dtype
    result = cast(values, dtype if dtype.kind != "O" else np.dtype(np.float64))
    if len(kept):
        result[:, kept] = np.asarray(X).reshape(result.shape)[:, kept]
    return result.reshape(np.shape(X))


def restore_draws(X, values, draws, table, kept=()):
    """Several draws a row, (n, n_draws, n_features), as one array.

    `values` are the rows of X as numbers; objects come back where X has categories,
    pictures in their own shape.
    """
    kept = list(kept)
    if len(kept):
        draws[..., kept] = dense(values[:, kept])[:, None]
    if table is not None and table.categories_:
        return table.as_objects(draws.reshape(-1, draws.shape[-1])).reshape(draws.shape)
    draws = draws.astype(float_dtype(values))
    return draws.reshape(*draws.shape[:2], *np.shape(X)[1:]) if np.ndim(X) > 2 else draws


def _restore_frame(X, values, table, kept):
    frame = nw.from_native(X, eager_only=True)
    new = []
    for j, series in enumerate(frame.iter_columns()):
        if j in kept:
            continue
        column = values[:, j] if table is None else table.decode(values[:, j], j)
        if series.dtype.is_integer():
            column = np.rint(column).astype(np.int64)
        new.append(nw.new_series(series.name, column, backend=frame.implementation))
    if frame.implementation.is_pandas():
        result = X.copy()
        for series in new:
            column = series.to_native()
            column.index = X.index
            result[series.name] = column.astype(X.dtypes[series.name])
        return result
    return frame.with_columns(
        series.cast(frame.schema[series.name]) for series in new
    ).to_native()


def cast(values, dtype):
    """Values as `dtype`, rounded and within its range where it is of integers."""
    if dtype.kind in "iu":
        limits = np.iinfo(dtype)
        return np.rint(values).clip(limits.min, limits.max).astype(dtype)
    if dtype.kind == "b":
        return values >= 0.5
    return values.astype(dtype if dtype.kind == "f" else np.float64)
