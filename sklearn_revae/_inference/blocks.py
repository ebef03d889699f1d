"""Results for Dask collections: Dask arrays that are computed block by block."""

import math
import sys
import uuid
import warnings
from collections.abc import Callable
from functools import partial, wraps
from typing import Any, TypeVar

import narwhals as nw
import numpy as np
import scipy.sparse
from sklearn.utils.validation import (
    _check_feature_names,
    _check_n_features,
    check_is_fitted,
)

from sklearn_revae._data.containers import new_rows

_Method = TypeVar("_Method", bound=Callable[..., Any])


def by_blocks(method: _Method) -> _Method:
    """Let a method of an estimator return Dask arrays if its X is a Dask collection.

    The method's result for a sample must not depend on other samples. It is an array
    with an entry for each sample, or a list or tuple of such arrays.
    """

    @wraps(method)
    def apply(self, X, *args, **kwargs):
        if not _is_dask(X):
            return method(self, X, *args, **kwargs)
        return _lazily(_Call(self, method.__name__, args, kwargs), X)

    applied: Any = apply
    return applied


class _Call:
    """A call of a method of an estimator for some rows, which a Dask worker can make."""

    def __init__(self, model, method, args, kwargs):
        # Another fit of the estimator must not change results that are not yet computed.
        # copy.copy would compute all statistics of the training samples.
        self.model = object.__new__(type(model))
        vars(self.model).update(vars(model))
        self.method, self.args, self.kwargs = method, args, kwargs
        self._token = uuid.uuid4().hex

    def __dask_tokenize__(self):
        # Dask would pickle the estimator, which computes statistics of training samples.
        return self._token

    def __call__(self, rows):
        return getattr(self.model, self.method)(rows, *self.args, **self.kwargs)


def _is_dask(X):
    if type(X) is np.ndarray:
        return False
    arrays = sys.modules.get("dask.array")
    if arrays is not None and isinstance(X, arrays.Array):
        return True
    return nw.dependencies.is_dask_dataframe(X)


def _lazily(call, X):
    """What a call returns for the rows of X, as Dask arrays."""
    # One sample shows the shape of the results, and raises errors now, not in a block.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        example = call(_sample(call.model, X))
    parts = _parts(example)
    blocks = _blocks(call, _joined(parts), X)
    results, start = [], 0
    for part in parts:
        stop = start + math.prod(part.shape[1:])
        results.append(blocks[:, start] if part.ndim == 1 else blocks[:, start:stop])
        start = stop
    return results[0] if example is parts[0] else type(example)(results)


def _sample(model, X):
    """A typical sample of the training data in the container of the blocks of X."""
    check_is_fitted(model)
    codec = model._codec
    if nw.dependencies.is_dask_dataframe(X):
        _check_feature_names(model, X._meta, reset=False)
        _check_n_features(model, X._meta, reset=False)
        template = X._meta
    elif math.prod(X.shape[1:]) != codec.n_features:
        # The method refuses it with a message.
        return np.zeros((1, *X.shape[1:]))
    elif scipy.sparse.issparse(X._meta):
        template = type(X._meta)((0, X.shape[1]), dtype=X.dtype)
    else:
        template = np.empty((0, *X.shape[1:]), X.dtype)
    values = codec.scaling_.inverse_transform(np.zeros((1, codec.n_features)))
    return new_rows(template, values, codec.table_)


def _parts(result):
    """The arrays of a result: an array, or a list or tuple of arrays."""
    return list(result) if isinstance(result, (list, tuple)) else [result]


def _joined(parts):
    """Arrays (n,) or (n, k) side by side, as one array (n, width)."""
    return np.concatenate([np.asarray(p).reshape(len(p), -1) for p in parts], axis=1)


def _joined_rows(call, width, dtype, rows):
    """The results for the rows of a block, which may be empty, as (n, width)."""
    if rows.shape[0] == 0:
        return np.empty((0, width), dtype)
    return _joined(_parts(call(rows))).astype(dtype, copy=False)


def _blocks(call, example, X):
    """A Dask array (n, width) of what a call returns for the blocks of X."""
    width, dtype = example.shape[1], example.dtype
    compute, meta = partial(_joined_rows, call, width, dtype), example[:0]
    if nw.dependencies.is_dask_dataframe(X):
        return X.map_partitions(compute, meta=meta)
    # A block must hold whole samples.
    X = X.rechunk(dict.fromkeys(range(1, X.ndim), -1))
    return X.map_blocks(
        compute,
        dtype=dtype,
        chunks=(X.chunks[0], (width,)),
        drop_axis=list(range(2, X.ndim)),
        meta=meta,
    )
