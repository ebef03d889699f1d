"""X as users have it to rows of numbers: frames, objects, sparse, pictures, arrays."""

import math

import numpy as np
import scipy.sparse
from sklearn.utils.validation import (
    _check_feature_names,
    _check_n_features,
    check_array,
    validate_data,
)

from sklearn_revae._rows import chunks
from sklearn_revae._tables import Table, holds_objects, is_frame


def read_rows(estimator, X, reset):
    """Validated rows (n, n_features) of X, numbers with NaN where missing.

    With `reset` this is what the estimator learns its columns from: it sets
    `n_features_in_`, `feature_names_in_`, `_table` and `_image`.

    Returns
    -------
    ndarray or CSR matrix
        Of X's own type where it holds numbers already; X itself, not a copy.

    Raises
    ------
    ValueError
        For infinite values, by the name of their column, pictures of another size, and
        whatever scikit-learn refuses.
    """
    if is_frame(X) or holds_objects(X):
        values = _read_table(estimator, X, reset)
    else:
        if reset:
            estimator._table = None
        X = _flattened(estimator, X, reset)
        values = validate_data(
            estimator,
            X,
            reset=reset,
            dtype="numeric",
            accept_sparse="csr",
            ensure_all_finite=False,
        )
    _refuse_infinite(estimator, values)
    return values


def name_of(estimator, j):
    """How messages call column `j`."""
    names = getattr(estimator, "feature_names_in_", None)
    return str(j) if names is None else repr(str(names[j]))


def _read_table(estimator, X, reset):
    if is_frame(X):
        _refuse_duplicates(X)
    else:
        # NumPy would turn numbers in lists to strings, where others are.
        X = X if isinstance(X, np.ndarray) else np.array(X, dtype=object)
        X = check_array(X, dtype=None, ensure_all_finite=False, estimator=estimator)
    if X.shape[1] == 0 or X.shape[0] == 0:
        check_array(np.empty(X.shape), estimator=estimator)
    _check_feature_names(estimator, X, reset=reset)
    _check_n_features(estimator, X, reset=reset)
    if reset:
        estimator._image = None
        estimator._table = Table().fit(X)
    table = estimator._table
    if table is None:
        # Fitted on numbers: all columns are to be numbers here as well.
        table = Table()
        table.categories_, table.levels_ = {}, {}
    return table.encode(X, lambda j: name_of(estimator, j))


def _refuse_duplicates(X):
    names = list(X.columns)
    twice = sorted({str(name) for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"X has several columns named {twice}: rename all but one.")


def _flattened(estimator, X, reset):
    """Pictures as rows; their shape is what `_image` holds."""
    shape = None if estimator.image_shape is None else tuple(estimator.image_shape)
    X = X if hasattr(X, "ndim") else np.asarray(X)
    ndim = X.ndim
    if ndim in (3, 4):
        if shape is not None and shape != X.shape[1:]:
            raise ValueError(
                f"image_shape={shape}, but X holds pictures of shape {X.shape[1:]}: "
                "leave image_shape out, or pass such pictures."
            )
        shape = tuple(X.shape[1:])
        X = X.reshape(len(X), -1)
    elif shape is not None and ndim == 2 and math.prod(shape) != np.shape(X)[1]:
        raise ValueError(
            f"image_shape={shape} makes {math.prod(shape)} pixels, but X has "
            f"{np.shape(X)[1]} columns."
        )
    if reset:
        estimator._image = shape
    elif ndim in (3, 4) and estimator._image != shape:
        fitted = estimator._image
        known = "rows of numbers" if fitted is None else f"pictures of shape {fitted}"
        raise ValueError(
            f"X holds pictures of shape {shape}, but the model was fitted on {known}: "
            "resize or reshape X."
        )
    return X


def _refuse_infinite(estimator, values):
    if np.dtype(values.dtype).kind != "f":
        return
    parts = [values.data[:, None]] if scipy.sparse.issparse(values) else chunks(values)
    for chunk in parts:
        with np.errstate(over="ignore"):
            # Infinity and NaN alone are not finite sums; NaN is allowed.
            if np.isfinite(chunk.sum()):
                continue
        infinite = np.isinf(chunk)
        if infinite.any():
            where = infinite.any(axis=0)
            column = (
                ""
                if scipy.sparse.issparse(values)
                else f" in column {name_of(estimator, int(np.flatnonzero(where)[0]))}"
            )
            raise ValueError(
                f"Input X contains infinity{column} or a value too large for "
                f"{values.dtype}: put NaN there, which counts as missing, or leave the "
                "rows out."
            )
