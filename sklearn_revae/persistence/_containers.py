"""The container of the training data, without rows: a description, and back.

`sample` returns rows in this container.
"""

import math

import numpy as np
import scipy.sparse

from sklearn_revae._data.frames import is_frame
from sklearn_revae.persistence._errors import UnstorableError
from sklearn_revae.persistence._pandas import (
    checked_name,
    describe_index,
    describe_type,
    make_index,
    make_type,
)

_SPARSE = tuple(
    f"{form}_{kind}"
    for form in ("bsr", "coo", "csc", "csr", "dia", "dok", "lil")
    for kind in ("matrix", "array")
)
# Types of columns that their name describes completely.
_POLARS_TYPES = (
    *(f"{sign}Int{bits}" for sign in ("", "U") for bits in (8, 16, 32, 64, 128)),
    *("Float32", "Float64", "Boolean", "String", "Categorical"),
)
# Longer strings in an array of strings, in bytes, are not categories.
_LONGEST_TEXT = 2**20


def describe(template):
    """What :func:`make` needs to know about a container without rows.

    Raises
    ------
    UnstorableError
        For a container or a type of column that a file cannot hold.
    """
    if is_frame(template):
        return _describe_frame(template)
    if scipy.sparse.issparse(template):
        dtype = template.dtype.str
        return {"kind": "sparse", "format": type(template).__name__, "dtype": dtype}
    shape = list(template.shape[1:])
    return {"kind": "array", "dtype": template.dtype.str, "shape": shape}


def make(description, n_features):
    """Return the container without rows that was described.

    Raises
    ------
    ImportError
        If the library of its data frame is not installed.
    Exception
        Of any type, for what :func:`describe` does not return.
    """
    kind = description["kind"]
    if kind in _FRAMES:
        return _FRAMES[kind](description, n_features)
    dtype = np.dtype(description["dtype"])
    if dtype.kind not in "biufOUSMm" or dtype.itemsize > _LONGEST_TEXT:
        raise ValueError(f"the container of X has the invalid type {dtype}")
    if kind == "sparse":
        if description["format"] not in _SPARSE:
            raise ValueError(f"the container of X is a {description['format']}")
        return getattr(scipy.sparse, description["format"])((0, n_features), dtype=dtype)
    shape = tuple(description["shape"])
    if kind != "array" or math.prod(shape) != n_features or min(shape) < 1:
        raise ValueError(f"the container of X is of kind {kind} and shape {shape}")
    return np.empty((0, *shape), dtype=dtype)


def _describe_frame(template):
    library = type(template).__module__.split(".")[0]
    if library == "pandas":
        return {
            "kind": "pandas",
            "columns": describe_index(template.columns, "The index of the columns of X"),
            "columns_names": list(template.columns.names),
            "index_names": list(template.index.names),
            "types": [
                describe_type(dtype, _written(name))
                for name, dtype in template.dtypes.items()
            ],
        }
    if library == "polars":
        types = [_describe_polars_type(t, name) for name, t in template.schema.items()]
        return {"kind": "polars", "columns": template.columns, "types": types}
    raise UnstorableError(
        f"The model was fitted on a data frame of {library}, which cannot be stored in a "
        "file. Fit it on a data frame of pandas or polars."
    )


def _written(name):
    return f"Column {name!r} of the training data"


def _describe_polars_type(dtype, name):
    if hasattr(dtype, "categories") and str(dtype).startswith("Enum"):
        return {"enum": dtype.categories.to_list()}
    return {"name": checked_name(str(dtype), _POLARS_TYPES, _written(name))}


def _make_pandas(description, n_features):
    import pandas as pd

    types = description["types"]
    if len(types) != n_features:
        raise ValueError("its data frame has another number of columns")
    frame = pd.DataFrame(
        {j: pd.Series([], dtype=make_type(t)) for j, t in enumerate(types)}
    )
    if isinstance(description["columns"], dict):
        frame.columns = make_index(description["columns"], n_features)
    else:
        frame.columns = _plain_columns(description, n_features)
    frame.columns.names = description["columns_names"]
    if len(frame.index.names) == len(description["index_names"]):
        frame.index.names = description["index_names"]
    return frame


def _plain_columns(description, n_features):
    """The columns in files that were written before other indexes could be stored."""
    import pandas as pd

    names = description["columns"]
    if len(names) != n_features:
        raise ValueError("its data frame has another number of columns")
    if not description["columns_type"]:
        return pd.MultiIndex.from_tuples(names)
    if names == list(range(n_features)):
        return pd.RangeIndex(n_features)
    dtype = make_type(description["columns_type"])
    return pd.Index(names, dtype=dtype, tupleize_cols=False)


def _make_polars(description, n_features):
    import polars as pl

    names, types = description["columns"], description["types"]
    if not len(names) == len(types) == n_features:
        raise ValueError("its data frame has another number of columns")
    return pl.DataFrame(
        schema={
            name: pl.Enum(parts["enum"])
            if "enum" in parts
            else getattr(pl, _POLARS_TYPES[_POLARS_TYPES.index(parts["name"])])
            for name, parts in zip(names, types, strict=True)
        }
    )


_FRAMES = {"pandas": _make_pandas, "polars": _make_polars}
