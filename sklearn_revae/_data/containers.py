"""Numbers back to the container and the types in which X came."""

import narwhals as nw
import numpy as np
import scipy.sparse

from sklearn_revae._data.chunks import cast, dense, float_dtype
from sklearn_revae._data.exact import are_exact, large_columns
from sklearn_revae._data.frames import is_frame, numpy_type, restore_frame
from sklearn_revae._data.sources import as_stored
from sklearn_revae._data.tables import columns_of, holds_objects
from sklearn_revae._data.tensors import as_numpy


def restore(X, values, table, unchanged=None):
    """`values` (n, n_features) in the container and types of X.

    Parameters
    ----------
    X : the container
        A data frame, an array of two or more dimensions, a list or a sparse matrix. Rows
        that are stored on disk are returned as an array in memory.
    values : ndarray (n, n_features)
        Numbers, categories as codes.
    table : Table
        The coding of the categories.
    unchanged : ndarray of bool (n, n_features), optional
        Cells that are returned exactly as X has them, because float64 does not represent
        every integer.
    """
    X = as_numpy(X)
    if is_frame(X):
        return restore_frame(X, values, table, unchanged)
    if unchanged is not None and not unchanged.any():
        unchanged = None
    if scipy.sparse.issparse(X):
        result = cast(values, X.dtype)
        if unchanged is not None:
            result[unchanged] = X.toarray()[unchanged]
        return type(X)(result)
    rows, shape = _array_like(X)
    if (table.categories_ and not table.fits(rows.dtype)) or rows.dtype.kind == "O":
        # Of a list, NumPy would turn the numbers beside a string into strings.
        return _restore_objects(X, values, table, unchanged).reshape(shape)
    result = cast(values, rows.dtype)
    for j in table.categories_:
        result[:, j] = table.decode(values[:, j], j)
    if unchanged is not None:
        result[unchanged] = np.asarray(rows).reshape(result.shape)[unchanged]
    return result.reshape(shape)


def restore_edits(X, own, values, table, kept):
    """Edited `values` in the container of X, in which unchanged cells are exactly X's.

    Parameters
    ----------
    X : the container
        As in :func:`restore`.
    own : ndarray, sparse matrix or Stored (n, n_features)
        The rows of X as numbers.
    values : ndarray (n, n_features)
        Numbers, categories as codes.
    table : Table
        The coding of the categories.
    kept : ndarray of bool (n, n_features), or False
        Cells that are not edited.
    """
    own = dense(own)
    values = np.where(kept & ~np.isnan(own), own, values)
    missing = np.isnan(own) & np.isnan(values)
    # Not every type has a missing value. X's own cells replace these zeros.
    unknown = [j for j, categories in table.categories_.items() if not categories]
    known = ~np.isin(np.arange(own.shape[1]), unknown)
    values = np.where(missing & known, 0.0, values)
    return restore(X, values, table, (values == own) | kept | missing)


def _restore_objects(X, values, table, unchanged):
    """`values` as an array of objects, or of strings if X is one."""
    cells = table.as_objects(values)
    if unchanged is not None:
        own = np.array(X, dtype=object).reshape(cells.shape)
        cells[unchanged] = own[unchanged]
    kind = X.dtype.kind if isinstance(X, np.ndarray) else "O"
    # Without a length, strings get the length of the longest.
    return cells.astype(kind) if kind in "US" else cells


def template_of(X):
    """Return what `new_rows` must know about X's container: X without rows."""
    if is_frame(X):
        # A copy, which neither keeps all of X alive nor shares what its index caches.
        template = nw.from_native(X, eager_only=True).head(0).clone().to_native()
        if nw.from_native(template).implementation.is_pandas():
            template.columns = template.columns.copy(deep=True)
        return template
    if scipy.sparse.issparse(X):
        return type(X)((0, X.shape[1]), dtype=X.dtype)
    X, shape = _array_like(X)
    return np.empty((0, *shape[1:]), dtype=X.dtype)


def new_rows(template, values, table):
    """New rows (n, n_features) in the container of the training data.

    `template` is what :func:`template_of` returned.
    """
    if is_frame(template):
        return restore_frame(template, values, table, None)
    if not scipy.sparse.issparse(template):
        shape = (len(values), *template.shape[1:])
        template = np.broadcast_to(np.empty((), template.dtype), shape)
    return restore(template, values, table)


def column_dtypes(X, n_features):
    """NumPy's type of each column that `restore` returns for X."""
    X = as_numpy(X)
    if is_frame(X):
        frame = nw.from_native(X, eager_only=True)
        return [numpy_type(series) or np.dtype(float) for series in frame.iter_columns()]
    dtype = _array_like(X)[0].dtype
    return [dtype if dtype.kind in "iufb" else np.dtype(float)] * n_features


def _array_like(X):
    """X with a `dtype`, and its shape, in which pictures keep their axes."""
    stored = as_stored(X)
    if stored is not None:
        return stored, (len(stored), *(stored.image_shape or stored.shape[1:]))
    if not isinstance(X, np.ndarray) and not scipy.sparse.issparse(X):
        X = np.asarray(X)
    return X, X.shape


def restore_draws(X, values, draws, table, kept=False):
    """Several draws per row, (n, n_draws, n_features), as one array.

    Parameters
    ----------
    X : the container
        As in :func:`restore`.
    values : ndarray, sparse matrix or Stored (n, n_features)
        The rows of X as numbers.
    draws : ndarray (n, n_draws, n_features)
        Numbers, categories as codes.
    table : Table
        The coding of the categories.
    kept : ndarray of bool (n, n_features), optional
        Cells that are returned exactly as X has them.

    Returns
    -------
    ndarray (n, n_draws, ...)
        An array of objects if X has categories, or if draws leave integers unchanged that
        float64 does not represent. Pictures have their own shape.
    """
    X, own = as_numpy(X), dense(values)
    if np.any(kept):
        draws = np.where(kept[:, None], own[:, None], draws)
    exact = {
        j: (column, draws[..., j] == own[:, None, j])
        for j, column in _inexact_columns(X, own, table)
    }
    if table.categories_:
        flat = draws.reshape(-1, draws.shape[-1])
        result = table.as_objects(flat).reshape(draws.shape)
    else:
        result = cast(draws, float_dtype(values))
    for j, (column, unchanged) in exact.items():
        if unchanged.any():
            result = result.astype(object, copy=False)
            result[..., j] = np.where(unchanged, column[:, None], result[..., j])
    shape = result.shape[-1:] if is_frame(X) else _array_like(X)[1][1:]
    return result.reshape(*result.shape[:2], *shape)


def _inexact_columns(X, own, table):
    """Columns of numbers that float64 does not represent: pairs (j, array of objects).

    `own` (n, n_features) are the rows of X as numbers.
    """
    large = [j for j in large_columns(own) if j not in table.categories_]
    if own.dtype.kind in "iu":
        columns = {j: own[:, j].tolist() for j in large}
    elif large and (is_frame(X) or holds_objects(X)):
        columns = dict(enumerate(columns_of(X, large)))
    else:
        return
    for j in large:
        column = columns[j]
        if isinstance(column, list) and not are_exact(own[:, j].astype(float), column):
            yield j, np.fromiter(column, dtype=object, count=len(column))
