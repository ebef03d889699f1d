"""Numbers back to the container and the types in which X came."""

import narwhals as nw
import numpy as np
import scipy.sparse

from sklearn_revae._data.chunks import cast, dense, float_dtype
from sklearn_revae._data.frames import is_frame, numpy_type, restore_frame
from sklearn_revae._data.storage import Stored, as_stored


def restore(X, values, table, unchanged=None):
    """`values` (n, n_features) in the container and types of X.

    Parameters
    ----------
    X : the container
        A data frame, an array of two or more dimensions, a list or a sparse matrix. Rows
        that are stored on disk come back as an array in memory.
    values : ndarray (n, n_features)
        Numbers, categories as codes.
    table : Table
        The coding of the categories.
    unchanged : ndarray of bool (n, n_features), optional
        Cells that come back exactly as X has them: a double does not hold every integer.
    """
    if is_frame(X):
        return restore_frame(X, values, table, unchanged)
    if unchanged is not None and not unchanged.any():
        unchanged = None
    if table.categories_:
        columns = table.as_objects(values)
        if unchanged is not None:
            columns[unchanged] = np.array(X, dtype=object)[unchanged]
        kind = X.dtype.kind if isinstance(X, np.ndarray) else "O"
        # As long as the longest string needs.
        return columns.astype(kind) if kind in "US" else columns
    if scipy.sparse.issparse(X):
        result = cast(values, X.dtype)
        if unchanged is not None:
            result[unchanged] = X.toarray()[unchanged]
        return type(X)(result)
    X, shape = _array_like(X)
    dtype = X.dtype if isinstance(X, (np.ndarray, Stored)) else np.asarray(X).dtype
    result = cast(values, dtype if dtype.kind != "O" else np.dtype(np.float64))
    if unchanged is not None:
        result[unchanged] = np.asarray(X).reshape(result.shape)[unchanged]
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
        return restore_frame(template, values, table, None)
    if not scipy.sparse.issparse(template):
        shape = (len(values), *template.shape[1:])
        template = np.broadcast_to(np.empty((), template.dtype), shape)
    return restore(template, values, table)


def column_dtypes(X, n_features):
    """NumPy's type of each column that `restore` returns for X."""
    if is_frame(X):
        frame = nw.from_native(X, eager_only=True)
        return [numpy_type(series) or np.dtype(float) for series in frame.iter_columns()]
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
    if table.categories_:
        return table.as_objects(draws.reshape(-1, draws.shape[-1])).reshape(draws.shape)
    draws = cast(draws, float_dtype(values))
    shape = draws.shape[-1:] if is_frame(X) else _array_like(X)[1][1:]
    return draws.reshape(*draws.shape[:2], *shape)
