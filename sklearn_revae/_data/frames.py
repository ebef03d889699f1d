"""Data frames of pandas, polars and others: the one place that tells them apart."""

import narwhals as nw
import numpy as np

from sklearn_revae._data.chunks import cast
from sklearn_revae._data.missing import is_missing


def is_frame(X):
    """Whether X is a pandas, polars or another eager data frame."""
    return hasattr(X, "columns") and nw.dependencies.is_into_dataframe(X)


def frame_columns(X):
    """Columns of a data frame: float arrays where numeric, else lists of objects.

    Raises
    ------
    ValueError
        If a column holds dates or times.
    """
    columns = []
    for series in nw.from_native(X, eager_only=True).iter_columns():
        dtype = series.dtype
        if dtype.is_temporal():
            raise ValueError(
                f"Column {series.name!r} of X holds dates or times ({dtype}), which are "
                "not supported. Convert them to numbers first, for example to days "
                "since a fixed date."
            )
        if dtype.is_numeric():
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


def declared_categories(X, j):
    """Whether column `j` declares categories, and these in order if it orders them.

    Returns
    -------
    declared : bool
        Whether the column is of a categorical type.
    ordered : list or None
        Its categories, where the type says that their order has a meaning.
    """
    if not is_frame(X):
        return False, None
    series = nw.from_native(X, eager_only=True)[:, j]
    # narwhals calls the ordered categories of any library an Enum.
    if isinstance(series.dtype, nw.Enum):
        native = series.to_native().dtype
        # narwhals writes categories as strings, which intervals are not.
        known = native.categories if series.implementation.is_pandas() else None
        return True, list(series.dtype.categories if known is None else known)
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
        The frame; if it has another number of rows, only its columns' types are taken.
    values : ndarray (n, n_features)
        Numbers, categories as codes.
    table : Table
        The coding of the categories.
    unchanged : ndarray of bool (n, n_features) or None
        Cells that come back exactly as X has them.
    """
    frame = nw.from_native(X, eager_only=True)
    new = []
    for j, series in enumerate(frame.iter_columns()):
        if unchanged is not None and unchanged[:, j].all():
            continue
        column = table.decode(values[:, j], j)
        if isinstance(column, np.ndarray):
            column = _within(series, column)
        column = nw.new_series(series.name, column, backend=frame.implementation)
        column = _as_before(series, column)
        if frame.implementation.is_pandas() and len(X) == len(values):
            native = column.to_native()
            native.index = X.index
            column = nw.from_native(native, series_only=True)
        if unchanged is not None and unchanged[:, j].any() and _exceeds_float64(series):
            column = _mixed(series, column, unchanged[:, j])
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


def _exceeds_float64(series):
    """Whether the type of a column holds numbers that a double does not."""
    return series.dtype.is_integer() or series.dtype == nw.Decimal


def _mixed(old, new, unchanged):
    """The `old` values of a column where they are unchanged, else the `new` ones."""
    if old.implementation.is_pandas():
        native = new.to_native().copy()
        native[unchanged] = old.to_native()[unchanged]
        return nw.from_native(native, series_only=True)
    mask = nw.new_series("unchanged", unchanged, backend=old.implementation)
    return old.zip_with(mask, new)


def _within(series, column):
    """The nearest numbers that the type of a frame's column can hold."""
    dtype = numpy_type(series)
    if dtype is not None:
        return cast(column, dtype)
    return np.rint(column) if series.dtype.is_integer() else column


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
            known = list(dtype.categories)
            more = [
                v
                for v in dict.fromkeys(new.to_list())
                if v not in known and not is_missing(v)
            ]
            dtype = type(dtype)(known + more, dtype.ordered) if more else dtype
        return nw.from_native(new.to_native().astype(dtype), series_only=True)
    dtype = old.dtype
    if isinstance(dtype, nw.Enum):
        known = list(dtype.categories)
        more = [
            v
            for v in dict.fromkeys(new.to_list())
            if v not in known and not is_missing(v)
        ]
        dtype = nw.Enum(known + more)
    if dtype == nw.Decimal:
        # narwhals does not cast to decimals in every version.
        native = new.to_native().cast(old.to_native().dtype)
        return nw.from_native(native, series_only=True)
    return new.cast(dtype)


def _is_of_numbers(series):
    # pandas' sparse columns can only be recognised by their kind.
    kind = getattr(series.to_native().dtype, "kind", None)
    return (
        series.dtype.is_numeric() or series.dtype == nw.Boolean or kind in tuple("iufb")
    )
