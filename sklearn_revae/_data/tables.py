"""Tables of unlike columns to numbers, and numbers back to such tables.

A data frame, or an array of objects, becomes an array of floats: numbers as they are,
categories as codes 0, 1, ..., missing values as NaN. Results go back into the container
and the types X came in.
"""

from decimal import Decimal
from numbers import Number

import narwhals as nw
import numpy as np
import scipy.sparse

from sklearn_revae._data.chunks import dense, float_dtype
from sklearn_revae._data.scaling import Levels, warn_unseen
from sklearn_revae._data.storage import Stored, as_stored


def is_frame(X):
    """Whether X is a pandas, polars or another eager data frame."""
    return hasattr(X, "columns") and nw.dependencies.is_into_dataframe(X)


def holds_objects(X):
    """Whether X is an array, or lists, of anything but numbers."""
    if is_frame(X) or scipy.sparse.issparse(X):
        return False
    if isinstance(X, (list, tuple)):
        # NumPy would turn numbers beside a string to strings.
        try:
            X = np.array(X, dtype=object) if _has_strings(X) else np.asarray(X)
        except ValueError as error:
            raise ValueError(
                "X is a list whose rows differ in length: fill the shorter ones up with "
                "None, which counts as missing."
            ) from error
    # Dates are told from numbers by their cells.
    return getattr(getattr(X, "dtype", None), "kind", "f") in "OUSTMm"


def _has_strings(rows):
    return any(isinstance(cell, str) for row in rows if np.iterable(row) for cell in row)


def _is_missing(value):
    if isinstance(value, str):
        return False
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return True
    if isinstance(value, Decimal):
        # A signalling one does not even bear being compared.
        return value.is_nan()
    # NaN is not itself. What is neither number nor date may compare to many answers.
    return isinstance(value, (Number, np.generic)) and bool(value != value)


def _is_number(value):
    return (
        isinstance(value, Number)
        # NumPy counts spans of time among its integers.
        and not isinstance(value, (bool, np.bool_, np.timedelta64))
        and not np.iscomplexobj(value)
    )


def _array_columns(X):
    """Columns of an array: of floats if it is of numbers, else lists of objects."""
    if isinstance(X, np.ndarray) and X.dtype.kind in "iufb":
        return list(X.T.astype(np.float64))
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
            elif dtype in (nw.Int128, nw.UInt128):
                # Nor has an integer of so many bits.
                series = series.cast(nw.Float64)
            numbers = np.array(series.to_numpy(), dtype=np.float64)
            numbers[missing] = np.nan
            columns.append(numbers)
        else:
            columns.append(series.to_list())
    return columns


def _declared_type(X, j):
    """The type that column `j` declares, where it is one of categories, or None."""
    if not is_frame(X):
        return None
    dtype = nw.from_native(X, eager_only=True)[:, j].dtype
    # narwhals calls ordered categories of any library so.
    return dtype if isinstance(dtype, (nw.Categorical, nw.Enum)) else None


def _order(value):
    """Sort key of values that may be of several types."""
    return (type(value).__name__ if not isinstance(value, Number) else "", value)


def _as_numbers(column, name):
    """A list of objects as floats, if all of them are numbers; else None."""
    missing = [_is_missing(value) for value in column]
    if not all(gone or _is_number(v) for v, gone in zip(column, missing, strict=True)):
        return None
    try:
        return np.array(
            [np.nan if gone else v for v, gone in zip(column, missing, strict=True)],
            dtype=np.float64,
        )
    except OverflowError as error:
        raise ValueError(
            f"Column {name} of X holds a number that is too large for float64: divide "
            "the column by a constant first."
        ) from error


def _checked(value, name):
    """A cell, if it can be a category."""
    if not (isinstance(value, (str, bytes, bool, np.bool_)) or _is_number(value)):
        raise TypeError(
            f"Column {name} of X holds {value!r} of type {type(value).__name__}: "
            "argument must be a string or a real number. Turn the column into such, or "
            "leave it out."
        )
    if isinstance(value, Number) and abs(value) == np.inf:
        raise ValueError(
            f"Column {name} of X holds infinity: put None there, which counts as missing."
        )
    # Python's own numbers bear comparison with one another, NumPy's not with decimals.
    return value.item() if isinstance(value, np.generic) else value


class Table:
    """Coding of the columns of a table, learned in `fit`.

    Attributes
    ----------
    categories_ : dict of int to list
        Categories of each column that is not of numbers, in the order of their codes.
    levels_ : dict of int to Levels
        What :class:`~sklearn_revae._data.scaling.Columns` needs to know of them.
    """

    def fit(self, X, name_of):
        """Learn which columns are categories, and which they have.

        Parameters
        ----------
        X : data frame or array of objects
            The table.
        name_of : callable
            What a message calls column j.

        Raises
        ------
        TypeError
            If a cell is neither a string nor a number.
        ValueError
            If a number is too large.
        """
        self.categories_, self.levels_ = {}, {}
        for j, column in enumerate(self._columns(X)):
            declared = _declared_type(X, j)
            if isinstance(column, np.ndarray) or (
                # Numbers that are declared categories are no measurements.
                declared is None and _as_numbers(column, name_of(j)) is not None
            ):
                continue
            there = {_checked(v, name_of(j)) for v in column if not _is_missing(v)}
            ordered = isinstance(declared, nw.Enum)
            self.categories_[j] = (
                list(declared.categories) if ordered else sorted(there, key=_order)
            )
            self.levels_[j] = Levels(len(self.categories_[j]), ordered)
        return self

    @staticmethod
    def _columns(X):
        return _frame_columns(X) if is_frame(X) else _array_columns(X)

    def encode(self, X, name_of):
        """Floats (n, n_features) of X; categories not seen in `fit` count as missing.

        Parameters
        ----------
        X : data frame or array of objects
            A table of as many columns.
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
            if _declared_type(X, j) is not None:
                raise TypeError(
                    f"Column {name_of(j)} of X held numbers in fit, and now is of "
                    "categories: turn it into numbers."
                )
            name = name_of(j)
            numbers = (
                column if isinstance(column, np.ndarray) else _as_numbers(column, name)
            )
            if numbers is None:
                strange = next(v for v in column if not (_is_missing(v) or _is_number(v)))
                raise TypeError(
                    f"Column {name} of X held numbers in fit, and now holds "
                    f"{strange!r}: argument must be a string or a number that fit has "
                    "seen the like of. Turn the column into numbers."
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
            value = _checked(value, name)
            code = known.get(value)
            if code is None:
                strange.append(value)
            else:
                codes[i] = code
        if strange:
            warn_unseen(name, sorted(set(strange), key=_order))
        return codes

    def decode(self, values, j):
        """Column `j` in its own terms, from numbers: floats, or a list of categories.

        What is missing among categories is None.
        """
        if j not in self.categories_:
            return values
        categories = self.categories_[j]
        return [None if np.isnan(code) else categories[int(code)] for code in values]

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
        A data frame, an array of two or more dimensions, a list or a sparse matrix. What
        is stored comes back as an array in memory.
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
        kind = X.dtype.kind if isinstance(X, np.ndarray) else "O"
        # Of the length that the longest string needs.
        return columns.astype(kind) if kind in "US" else columns
    if scipy.sparse.issparse(X):
        result = cast(values, X.dtype)
        kept = list(kept)
        if kept:
            # Not every sparse format has columns to ask for.
            result[:, kept] = X.tocsr()[:, kept].toarray()
        return type(X)(result)
    X, shape = _array_like(X)
    dtype = X.dtype if isinstance(X, (np.ndarray, Stored)) else np.asarray(X).dtype
    result = cast(values, dtype if dtype.kind != "O" else np.dtype(np.float64))
    if len(kept):
        result[:, kept] = np.asarray(X).reshape(result.shape)[:, kept]
    return result.reshape(shape)


def template_of(X):
    """Return what `new_rows` must know of X's container: X without rows, or its like."""
    if is_frame(X):
        # A copy, and no view that keeps all of X alive, nor shares what its index caches.
        template = nw.from_native(X, eager_only=True).head(0).clone().to_native()
        if nw.from_native(template).implementation.is_pandas():
            template.columns = template.columns.copy(deep=True)
        return template
    if scipy.sparse.issparse(X):
        return type(X)((0, X.shape[1]), dtype=X.dtype)
    X = X if isinstance(X, np.ndarray) or as_stored(X) is not None else np.asarray(X)
    X, shape = _array_like(X)
    return np.empty((0, *shape[1:]), dtype=X.dtype)


def new_rows(template, values, table):
    """Rows that stem from none, (n, n_features), in the container of the training data.

    `template` is what :func:`template_of` returned.
    """
    if is_frame(template):
        return _restore_frame(template, values, table, ())
    if not scipy.sparse.issparse(template):
        shape = (len(values), *template.shape[1:])
        template = np.broadcast_to(np.empty((), template.dtype), shape)
    return restore(template, values, table)


def column_dtypes(X, n_features):
    """NumPy's type of each column that `restore` returns for X."""
    if is_frame(X):
        frame = nw.from_native(X, eager_only=True)
        return [_numpy_type(series) or np.dtype(float) for series in frame.iter_columns()]
    dtype = X.dtype if scipy.sparse.issparse(X) else _array_like(X)[0]
    dtype = np.dtype(getattr(dtype, "dtype", None) or np.asarray(X).dtype)
    return [dtype if dtype.kind in "iufb" else np.dtype(float)] * n_features


def _array_like(X):
    """X as it can be asked for numbers, and the shape it has, that of pictures too."""
    stored = as_stored(X)
    if stored is None:
        return X, np.shape(X)
    return stored, (len(stored), *(stored.image_shape or stored.shape[1:]))


def restore_draws(X, values, draws, table, kept=()):
    """Several draws a row, (n, n_draws, n_features), as one array.

    `values` are the rows of X as numbers; objects come back where X has categories,
    pictures in their own shape.
    """
    kept = list(kept)
    if len(kept):
        draws[..., kept] = dense(values)[:, None, kept]
    if table is not None and table.categories_:
        return table.as_objects(draws.reshape(-1, draws.shape[-1])).reshape(draws.shape)
    draws = cast(draws, float_dtype(values))
    shape = draws.shape[-1:] if is_frame(X) else _array_like(X)[1][1:]
    return draws.reshape(*draws.shape[:2], *shape)


def _restore_frame(X, values, table, kept):
    frame = nw.from_native(X, eager_only=True)
    new = []
    for j, series in enumerate(frame.iter_columns()):
        if j in kept:
            continue
        column = values[:, j] if table is None else table.decode(values[:, j], j)
        if isinstance(column, np.ndarray):
            column = _within(series, column)
        column = nw.new_series(series.name, column, backend=frame.implementation)
        new.append(_as_before(series, column))
    if frame.implementation.is_pandas():
        result = X.copy() if len(X) == len(values) else X.reindex(range(len(values)))
        for series in new:
            column = series.to_native()
            column.index = result.index
            result[series.name] = column
        return result
    if len(frame) == len(values):
        return frame.with_columns(new).to_native()
    return frame.select(new).to_native()


def _numpy_type(series):
    """NumPy's type of a frame's column of numbers, None if it has none."""
    native, name = series.to_native().dtype, str(series.dtype).lower()
    if isinstance(native, np.dtype) and native.kind in "iuf":
        return native
    if series.dtype.is_numeric() and name in np.sctypeDict:
        return np.dtype(name)
    return None


def _within(series, column):
    """Numbers that the type of a frame's column can hold."""
    dtype = _numpy_type(series)
    if dtype is not None:
        return cast(column, dtype)
    return np.rint(column) if series.dtype.is_integer() else column


def _as_before(old, new):
    """`new` values of a column as the type of the `old` ones, as far as it holds them.

    Rows to use may declare fewer categories than those of fit, or be of floats where
    categories are all missing.
    """
    if _is_of_numbers(old) and not _is_of_numbers(new):
        return new
    if old.implementation.is_pandas():
        dtype = old.to_native().dtype
        if isinstance(old.dtype, (nw.Categorical, nw.Enum)):
            known = list(dtype.categories)
            more = [
                v
                for v in dict.fromkeys(new.to_list())
                if v not in known and not _is_missing(v)
            ]
            dtype = type(dtype)(known + more, dtype.ordered) if more else dtype
        return nw.from_native(new.to_native().astype(dtype), series_only=True)
    dtype = old.dtype
    if isinstance(dtype, nw.Enum):
        known = list(dtype.categories)
        more = [
            v
            for v in dict.fromkeys(new.to_list())
            if v not in known and not _is_missing(v)
        ]
        dtype = nw.Enum(known + more)
    if dtype == nw.Decimal:
        # Not every version of narwhals casts to these.
        native = new.to_native().cast(old.to_native().dtype)
        return nw.from_native(native, series_only=True)
    return new.cast(dtype)


def _is_of_numbers(series):
    # Sparse columns of pandas tell by their kind alone.
    kind = getattr(series.to_native().dtype, "kind", None)
    return (
        series.dtype.is_numeric() or series.dtype == nw.Boolean or kind in tuple("iufb")
    )


def cast(values, dtype):
    """Values as `dtype`, within its range, and rounded where it is of integers."""
    if dtype.kind in "iu":
        limits = np.iinfo(dtype)
        high = np.float64(limits.max)
        # No double is 2**63 - 1; the next below it is.
        high = high if int(high) <= limits.max else np.nextafter(high, 0.0)
        return np.rint(values).clip(limits.min, high).astype(dtype)
    if dtype.kind == "b":
        return values >= 0.5
    dtype = dtype if dtype.kind == "f" else np.dtype(np.float64)
    if dtype.itemsize < values.itemsize:
        limits = np.finfo(dtype)
        values = values.clip(limits.min, limits.max)
    return values.astype(dtype)
