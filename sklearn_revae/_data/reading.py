"""X as users have it to rows of numbers: frames, objects, sparse, pictures, stored."""

import math
from collections.abc import Mapping, Set

import narwhals as nw
import numpy as np
import scipy.sparse
from sklearn.utils.validation import (
    _check_feature_names,
    _check_n_features,
    check_array,
    validate_data,
)

from sklearn_revae._data.chunks import chunks
from sklearn_revae._data.storage import Stored, as_stored, is_stream, without_mapping
from sklearn_revae._data.tables import Table, holds_objects, is_frame, template_of


def read_rows(estimator, X, reset):
    """Validated rows (n, n_features) of X, numbers with NaN where missing.

    With `reset` this is what the estimator learns its columns from: it sets
    `n_features_in_`, `feature_names_in_`, `_table`, `_image` and `_template`.

    Returns
    -------
    ndarray, CSR matrix or Stored
        Of X's own type where it holds numbers already; X itself, not a copy.

    Raises
    ------
    TypeError
        If X is a generator, whose rows come only once, or cannot be rows at all.
    ValueError
        For infinite values, by the name of their column, pictures of another size, and
        whatever scikit-learn refuses.
    """
    if is_stream(X):
        raise TypeError(
            f"X is a {type(X).__name__}, whose rows come only once: pass it to "
            "partial_fit, which trains on one chunk after another, or pass an array, a "
            "map-style Dataset or a folder."
        )
    _refuse_containers(X)
    if isinstance(X, np.ma.MaskedArray):
        X = np.ma.filled(X.astype(np.float64), np.nan)
    stored = None if is_frame(X) else as_stored(X)
    coded = not reset and estimator._table is not None and estimator._table.categories_
    if coded and (stored is not None or scipy.sparse.issparse(X)):
        raise TypeError(
            f"X is a {type(X).__name__}, which holds numbers alone, but the model was "
            "fitted on a table with categories: pass such a table."
        )
    # To a model of categories, numbers are values that fit has or has not seen.
    if stored is None and (coded or is_frame(X) or holds_objects(X)):
        values = _read_table(estimator, X, reset)
    else:
        if reset:
            estimator._table = None
        values = _read_numbers(estimator, X if stored is None else stored, reset)
    _refuse_infinite(estimator, values)
    if reset:
        estimator._template = template_of(X)
    return values


def _refuse_containers(X):
    """Say what to do with what has no rows by itself, though it looks like it."""
    cure = None
    if nw.dependencies.is_polars_lazyframe(X):
        cure = "call its collect() first"
    elif isinstance(X, (Mapping, Set)) and not scipy.sparse.issparse(X):
        cure = "pass a data frame, pandas.DataFrame(X) say"
    if cure:
        raise TypeError(f"X is a {type(X).__name__}: {cure}.")
    if getattr(getattr(X, "dtype", None), "names", None):
        raise ValueError("X is a structured array: pass pandas.DataFrame(X) instead.")


def name_of(estimator, j):
    """How messages call column `j`."""
    names = getattr(estimator, "feature_names_in_", None)
    return str(j) if names is None else repr(str(names[j]))


def _read_table(estimator, X, reset):
    if is_frame(X):
        _refuse_duplicates(X)
    else:
        # NumPy would turn numbers in lists to strings, where others are.
        X = np.array(X, dtype=object if isinstance(X, (list, tuple)) else None)
        X = check_array(X, dtype=None, ensure_all_finite=False, estimator=estimator)
    if X.shape[1] == 0 or X.shape[0] == 0:
        check_array(np.empty(X.shape), estimator=estimator)
    _check_feature_names(estimator, X, reset=reset)
    _check_n_features(estimator, X, reset=reset)
    if reset:
        estimator._image = None
        estimator._table = Table().fit(X, lambda j: name_of(estimator, j))
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


def _read_numbers(estimator, X, reset):
    """Rows of an array, a sparse matrix or what is stored; pictures as rows."""
    if isinstance(X, Stored):
        n_axes = 2 if X.image_shape is None else 1 + len(X.image_shape)
        if n_axes > 4:
            raise ValueError(
                f"X holds pictures of shape {X.image_shape}: they should have two axes, "
                "or three with the channels."
            )
        _check_image(estimator, X.image_shape, X.shape[1], reset)
        _check_feature_names(estimator, X, reset=reset)
        _check_n_features(estimator, X, reset=reset)
        return X
    X = X if hasattr(X, "ndim") else np.asarray(X)
    if X.ndim in (3, 4):
        _check_image(estimator, tuple(X.shape[1:]), math.prod(X.shape[1:]), reset)
        X = X.reshape(len(X), math.prod(X.shape[1:]))
    else:
        _check_image(estimator, None, X.shape[1] if X.ndim == 2 else None, reset)
    values = validate_data(
        estimator,
        X,
        reset=reset,
        dtype="numeric",
        accept_sparse="csr",
        ensure_all_finite=False,
    )
    return without_mapping(values)


def _check_image(estimator, found, n_features, reset):
    """Compare the shape of X's pictures, None if it has rows, with what is expected."""
    shape = None if estimator.image_shape is None else tuple(estimator.image_shape)
    if found is not None:
        if shape is not None and shape != found:
            raise ValueError(
                f"image_shape={shape}, but X holds pictures of shape {found}: "
                "leave image_shape out, or pass such pictures."
            )
        shape = found
    elif shape is not None and n_features not in (None, math.prod(shape)):
        raise ValueError(
            f"image_shape={shape} makes {math.prod(shape)} pixels, but X has "
            f"{n_features} columns."
        )
    if reset:
        estimator._image = shape
    elif found is not None and estimator._image != shape:
        fitted = estimator._image
        known = "rows of numbers" if fitted is None else f"pictures of shape {fitted}"
        raise ValueError(
            f"X holds pictures of shape {shape}, but the model was fitted on {known}: "
            "resize or reshape X."
        )


def _refuse_infinite(estimator, values):
    if np.dtype(values.dtype).kind != "f":
        return
    parts = [values.data[:, None]] if scipy.sparse.issparse(values) else chunks(values)
    for chunk in parts:
        with np.errstate(over="ignore", invalid="ignore"):
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
