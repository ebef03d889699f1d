"""Validates X as users pass it, and converts it to rows of numbers."""

import math
from collections.abc import Mapping, Set
from os import PathLike

import narwhals as nw
import numpy as np
import scipy.sparse
from sklearn.utils.validation import (
    _check_feature_names,
    _check_n_features,
    check_array,
)

from sklearn_revae._data.chunks import chunks
from sklearn_revae._data.frames import declared_categories, is_frame
from sklearn_revae._data.kinds import requested_levels
from sklearn_revae._data.misread import warn_of_identifiers, warn_of_text
from sklearn_revae._data.names import written_name
from sklearn_revae._data.sources import as_stored
from sklearn_revae._data.storage import Stored, is_stream
from sklearn_revae._data.stored_arrays import without_mapping
from sklearn_revae._data.tables import holds_objects, is_picture
from sklearn_revae._data.tensors import as_numpy


def as_container(X):
    """X as one of the containers that are read here: masked and stored rows converted.

    Masked values become NaN, as do those of pictures of objects that are None.

    Raises
    ------
    TypeError
        If X is a generator, whose rows can be read only once, or is not made of rows.
    ValueError
        If X is one-dimensional text, or its pictures do not hold numbers.
    """
    if type(X) is np.ndarray and X.dtype.kind in "biufc":
        return X
    if is_stream(X):
        raise TypeError(
            f"X is a {type(X).__name__}, whose rows can be read only once. Pass it to "
            "partial_fit, which trains on one batch after another, or pass an array, a "
            "map-style Dataset or a folder."
        )
    X = as_numpy(X)
    _refuse_containers(X)
    if isinstance(X, np.ma.MaskedArray):
        X = np.ma.filled(X.astype(np.float64), np.nan)
    stored = None if is_frame(X) else as_stored(X)
    return _pictures_as_numbers(X) if stored is None else stored


def _pictures_as_numbers(X):
    """X itself, except that pictures of objects become floats."""
    is_array = (
        isinstance(X, np.ndarray) and X.dtype.kind in "OUS" and X.ndim not in (0, 2)
    )
    if not (is_array or isinstance(X, (list, tuple))) or len(X) == 0:
        return X
    if isinstance(X[0], (str, PathLike)):
        raise ValueError(
            f"X is one-dimensional and holds text such as {str(X[0])!r}. Pass the folder "
            "of the pictures, or an array of the pictures. If the text is the only "
            "column of a table, pass a data frame."
        )
    if not is_picture(X[0]):
        return X
    try:
        pictures = np.asarray(list(X))
        return pictures.astype(np.float64) if pictures.dtype.kind in "OUS" else pictures
    except (TypeError, ValueError) as error:
        raise ValueError(
            "X holds pictures, but they differ in size, or a pixel is not a number "
            f"({error}). Resize all pictures to the same size, and pass numbers."
        ) from error


def _refuse_containers(X):
    cure = None
    if nw.dependencies.is_polars_lazyframe(X):
        cure = "Call its method collect() first"
    elif nw.dependencies.is_dask_dataframe(X):
        cure = (
            "Only methods that compute a result for each sample by itself, such as "
            "predict_proba and transform, accept it. Call its method compute() first, "
            "or to_dask_array(lengths=True) if all columns are numbers"
        )
    elif isinstance(X, (Mapping, Set)) and not scipy.sparse.issparse(X):
        cure = "Pass a data frame, for example pandas.DataFrame(X)"
        if not isinstance(X, (dict, Set)) and len(X):
            # A file of HDF5 or NumPy, which holds arrays by name.
            cure = f"Pass one of its arrays, for example X[{next(iter(X))!r}]"
    if cure:
        raise TypeError(f"X is a {type(X).__name__}, which is not supported. {cure}.")
    if getattr(getattr(X, "dtype", None), "names", None):
        raise ValueError(
            "X is a structured array, which is not supported. Pass pandas.DataFrame(X)."
        )


def names_of(X):
    """Names of the columns of a frame, a list; None for other containers."""
    return list(X.columns) if is_frame(X) else None


def holds_cells(X):
    """Whether X is a frame or holds objects, so that its columns have to be converted."""
    return not isinstance(X, Stored) and (is_frame(X) or holds_objects(X))


def read_table(X, table, estimator, reset, names, likelihood):
    """Numbers (n, n_features) of a table, by the coding in `table`.

    Parameters
    ----------
    X : data frame or array-like
        The table.
    table : Table
        The coding of its categories, which is learned if `reset` is True.
    estimator : estimator
        Its `n_features_in_` and `feature_names_in_` are compared, or set.
    reset : bool
        Whether the estimator is being fitted to X.
    names : list or None
        What messages call the columns if X does not name them.
    likelihood : str, sequence of str or dict
        The estimators' parameter, which may request levels for columns of numbers.
    """
    if is_frame(X):
        names = names_of(X)
        refuse_duplicates(names)
    else:
        # NumPy would turn the numbers of a list into strings if there is a string.
        X = np.array(X, dtype=object if isinstance(X, (list, tuple)) else None)
        X = check_array(X, dtype=None, ensure_all_finite=False, estimator=estimator)
    if X.shape[1] == 0 or X.shape[0] == 0:
        check_array(np.empty(X.shape), estimator=estimator)
    _check_feature_names(estimator, X, reset=reset)
    _check_n_features(estimator, X, reset=reset)
    if reset:
        requested = requested_levels(likelihood, names, X.shape[1])
        table.fit(X, names, requested)
    values = table.encode(X, names)
    if reset:
        _warn_of_text(X, table, values, names, requested)
    _refuse_infinite(values, names)
    return values


def _warn_of_text(X, table, values, names, requested):
    """Warn of columns that become categories although nobody has asked for that."""
    inferred = {
        j: categories
        for j, categories in table.categories_.items()
        if j not in requested and not declared_categories(X, j)[0]
    }
    warn_of_text(inferred, lambda j: written_name(names, j))
    n_observed = (~np.isnan(values)).sum(axis=0)
    warn_of_identifiers(inferred, n_observed, lambda j: written_name(names, j))


def refuse_duplicates(names):
    """Raise if two columns have the same name."""
    twice = sorted({str(name) for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"X has several columns named {twice}. Rename all but one.")


def read_numbers(X, estimator, reset, names, named):
    """Rows (n, n_features) of an array, a sparse matrix or stored rows.

    Pictures are flattened. Messages call the columns by `names`, if there are any. The
    columns are named by the frame `named`, if it is not None.

    Returns
    -------
    ndarray, CSR matrix or Stored
        X itself where it holds rows of numbers already, not a copy.
    """
    if isinstance(X, Stored):
        n_axes = 2 if X.image_shape is None else 1 + len(X.image_shape)
        if n_axes > 4:
            raise ValueError(
                f"X holds pictures of shape {X.image_shape}, but pictures must have two "
                "axes, or three with channels."
            )
    else:
        X = X if hasattr(X, "ndim") else np.asarray(X)
        if X.ndim in (3, 4):
            X = X.reshape(len(X), math.prod(X.shape[1:]))
    _check_feature_names(estimator, X if named is None else named, reset=reset)
    values = X if isinstance(X, Stored) else without_mapping(_checked(X, estimator))
    _check_n_features(estimator, values, reset=reset)
    _refuse_infinite(values, names)
    return values


def _checked(X, estimator):
    """X as an array or a CSR matrix of numbers, in which values may be missing."""
    return check_array(
        X,
        dtype="numeric",
        accept_sparse="csr",
        ensure_all_finite=False,
        estimator=estimator,
        input_name="X",
    )


def picture_shape(X, fitted=None):
    """Shape of the pictures that X holds; None if X is a table.

    Raises
    ------
    ValueError
        If X is a single picture of the shape `fitted`.
    """
    if isinstance(X, Stored):
        return X.image_shape
    shape = np.shape(X)
    if shape == fitted and shape[0] > 1:
        raise ValueError(
            f"X has the shape {shape} of one picture. Pass one picture as X[np.newaxis]."
        )
    return tuple(shape[1:]) if len(shape) in (3, 4) else None


def check_picture_shape(found, given, n_features):
    """Shape of the pictures in X, from X itself or the parameter `image_shape`, or None.

    Parameters
    ----------
    found : tuple or None
        What :func:`picture_shape` returned.
    given : sequence of int or None
        The parameter `image_shape`.
    n_features : int or None
        Number of columns of X, where it has columns.

    Raises
    ------
    ValueError
        If the two differ, or X has another number of columns than such pictures have.
    """
    given = None if given is None else tuple(map(int, given))
    if found is not None:
        if given is not None and given != found:
            raise ValueError(
                f"image_shape={given}, but X holds pictures of shape {found}. Leave "
                "image_shape out, or pass pictures of that shape."
            )
        return found
    if given is not None and n_features not in (None, math.prod(given)):
        raise ValueError(
            f"image_shape={given} requires {math.prod(given)} pixels, but X has "
            f"{n_features} columns. Pass the shape of the pictures that the rows of X "
            "are."
        )
    return given


def _refuse_infinite(values, names):
    if np.dtype(values.dtype).kind != "f":
        return
    parts = [values.data[:, None]] if scipy.sparse.issparse(values) else chunks(values)
    for chunk in parts:
        with np.errstate(over="ignore", invalid="ignore"):
            # If the sum is finite, so are all values. NaN is allowed, and checked below.
            if np.isfinite(chunk.sum()):
                continue
        infinite = np.isinf(chunk)
        if infinite.any():
            column = ""
            if not scipy.sparse.issparse(values):
                j = int(np.flatnonzero(infinite.any(axis=0))[0])
                column = f" in column {written_name(names, j)}"
            raise ValueError(
                f"Input X contains infinity{column} or a value too large for "
                f"{values.dtype}. Replace it by NaN, which is treated as missing, or "
                "leave these rows out."
            )
