"""Data frames of pandas, polars and others: the one module that distinguishes them."""

import datetime

import narwhals as nw
import numpy as np

from sklearn_revae._data.chunks import cast
from sklearn_revae._data.missing import is_missing, where_missing


def is_frame(X):
    """Whether X is a pandas, polars or another eager data frame."""
    return hasattr(X, "columns") and nw.dependencies.is_into_dataframe(X)


def named_like(values, like):
    """The array `values`, with the names of `like` if that is a frame or a Series.

    Parameters
    ----------
    values : ndarray
        Values, with as many columns as `like` has. Those of a column that is not pandas'
        must have one type, besides None.
    like : frame, Series or object
        Where the names are taken from.
    """
    frame = is_frame(like)
    if not frame and not nw.dependencies.is_into_series(like):
        return values
    if hasattr(like, "iloc"):
        # Their names may be other objects than strings.
        names = {"columns": like.columns} if frame else {"name": like.name}
        return type(like)(values, **names)
    native = nw.from_native(like, eager_only=True, allow_series=True)
    backend = native.implementation
    if not frame:
        return nw.new_series(native.name, values.tolist(), backend=backend).to_native()
    columns = zip(native.columns, values.T.tolist(), strict=True)
    return nw.from_dict(dict(columns), backend=backend).to_native()


def frame_columns(X, exact):
    """Columns of a data frame: float arrays where numeric, else lists of objects.

    Parameters
    ----------
    X : data frame
        The frame.
    exact : collection of int
        Columns that are returned as lists if float64 may not represent their numbers.

    Raises
    ------
    ValueError
        If a column holds dates or times.
    """
    columns = []
    for j, series in enumerate(nw.from_native(X, eager_only=True).iter_columns()):
        dtype = series.dtype
        if dtype.is_temporal():
            raise time_error(repr(series.name))
        if dtype.is_numeric() and (j not in exact or dtype.is_float()):
            missing = series.is_null().to_numpy()
            if missing.any() or dtype in (nw.Int128, nw.UInt128):
                # NumPy has no integers with nulls, and none of 128 bits.
                series = series.cast(nw.Float64)
            numbers = np.array(series.to_numpy(), dtype=np.float64)
            numbers[missing] = np.nan
            columns.append(numbers)
        else:
            columns.append(series.to_list())
    return columns


def is_time(value):
    """Whether a cell is a date, a time, a period or a time span."""
    if isinstance(value, (datetime.date, datetime.time, datetime.timedelta)):
        return True
    is_numpy = isinstance(value, (np.datetime64, np.timedelta64))
    return is_numpy or type(value).__name__ == "Period"


def time_error(name):
    """The error for a column, as messages write it, of dates or times."""
    return ValueError(
        f"Column {name} of X holds dates or times, which are not supported. Convert them "
        "to numbers first, for example to days since a fixed date."
    )


def declared_categories(X, j):
    """Whether column `j` declares its categories, and which, if they are ordered.

    Returns
    -------
    declared : bool
        Whether the column has a categorical type.
    ordered : list or None
        Its categories in their order, if the type orders them.
    """
    if not is_frame(X):
        return False, None
    series = nw.from_native(X, eager_only=True)[:, j]
    # narwhals calls the ordered categories of any library an Enum.
    if isinstance(series.dtype, nw.Enum):
        if series.implementation.is_pandas():
            # narwhals would turn intervals, numbers and times into strings.
            return True, list(series.to_native().dtype.categories)
        return True, list(series.dtype.categories)
    return isinstance(series.dtype, nw.Categorical), None


def numpy_type(series):
    """NumPy's type of a numeric column of a frame, None if it has none."""
    native, name = series.to_native().dtype, str(series.dtype).lower()
    if isinstance(native, np.dtype) and native.kind in "iuf":
        return native
    if series.dtype.is_numeric() and name in np.sctypeDict:
        return np.dtype(name)
    return None


def restore_frame(X, values, table, unchanged):
    """`values` (n, n_features) as a frame like X.

    Parameters
    ----------
    X : data frame
        The frame. If it has another number of rows, only the types of its columns are
        used.
    values : ndarray (n, n_features)
        Numbers, categories as codes.
    table : Table
        The coding of the categories.
    unchanged : ndarray of bool (n, n_features) or None
        Cells that are returned exactly as X has them.
    """
    frame = nw.from_native(X, eager_only=True)
    new = []
    for j, series in enumerate(frame.iter_columns()):
        same = None if unchanged is None else unchanged[:, j]
        if same is not None and same.all():
            continue
        column = table.decode(values[:, j], j)
        if isinstance(column, np.ndarray):
            column = _within(series, column)
        column = nw.new_series(
            series.name, column, _list_type(series, column), backend=frame.implementation
        )
        column = _as_before(series, column)
        if same is not None and same.any() and _differs(series, same):
            column = _mixed(series, column, same)
        new.append(column)
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


def _within(series, column):
    """The nearest numbers that the type of a frame's column can hold."""
    dtype = numpy_type(series)
    if dtype is not None:
        return cast(column, dtype)
    return np.rint(column) if series.dtype.is_integer() else column


def _list_type(series, column):
    """The type to give to a list of integers, which libraries may infer too narrow."""
    integers = isinstance(column, list) and all(type(cell) is int for cell in column)
    return series.dtype if integers and series.dtype.is_integer() else None


def _differs(series, same):
    """Whether numbers may not be what a column has in the rows of the mask `same`."""
    return _exceeds_float64(series) or where_missing(series.to_numpy())[same].any()


def _exceeds_float64(series):
    """Whether a column may hold numbers that float64 does not represent exactly."""
    dtype = series.dtype
    return (
        dtype.is_integer()
        or dtype in (nw.Decimal, nw.Object)
        or _kind(series) in ("i", "u")
    )


def _mixed(old, new, unchanged):
    """The `old` values of a column where they are unchanged, else the `new` ones."""
    if old.implementation.is_pandas():
        old, new = old.to_native().reset_index(drop=True), new.to_native()
        mixed = new.reset_index(drop=True).where(~unchanged, old)
        return nw.from_native(mixed.astype(new.dtype), series_only=True)
    mask = nw.new_series("unchanged", unchanged, backend=old.implementation)
    return old.zip_with(mask, new)


def _as_before(old, new):
    """The `new` values of a column in the type of the `old` ones, if it can hold them.

    A frame passed after fit may declare fewer categories than the frame in fit, or hold
    floats where all categories are missing.
    """
    if _is_of_numbers(old) and not _is_of_numbers(new):
        return new
    if old.implementation.is_pandas():
        dtype = old.to_native().dtype
        if isinstance(old.dtype, (nw.Categorical, nw.Enum)):
            more = _undeclared(new, dtype.categories)
            known = list(dtype.categories)
            dtype = type(dtype)(known + more, dtype.ordered) if more else dtype
        return nw.from_native(new.to_native().astype(dtype), series_only=True)
    dtype = old.dtype
    if isinstance(dtype, nw.Enum):
        dtype = nw.Enum([*dtype.categories, *_undeclared(new, dtype.categories)])
    if dtype == nw.Decimal:
        # narwhals does not cast to decimals in every version.
        native = new.to_native().cast(old.to_native().dtype)
        return nw.from_native(native, series_only=True)
    return new.cast(dtype)


def _undeclared(series, categories):
    """The values of a column that are not among its declared categories."""
    known = list(categories)
    values = dict.fromkeys(series.to_list())
    return [v for v in values if v not in known and not is_missing(v)]


def _is_of_numbers(series):
    return (
        series.dtype.is_numeric()
        or series.dtype == nw.Boolean
        or _kind(series) in tuple("iufb")
    )


def _kind(series):
    """NumPy's letter for the kind of a column's type, "" where it has none.

    narwhals does not know the types of pandas' sparse columns.
    """
    return getattr(series.to_native().dtype, "kind", "")
