"""The training data's container, without rows: its kind, names and types, and back.

`sample` returns rows in it.
"""

import math

import numpy as np
import scipy.sparse

from sklearn_revae._data.frames import is_frame
from sklearn_revae.persistence._values import UnstorableError

_SPARSE = tuple(
    f"{form}_{kind}"
    for form in ("bsr", "coo", "csc", "csr", "dia", "dok", "lil")
    for kind in ("matrix", "array")
)
# Types of columns that their name tells alone, by the library.
_PANDAS_TYPES = (
    *(f"{sign}Int{bits}" for sign in ("", "U") for bits in (8, 16, 32, 64)),
    *("Float32", "Float64", "boolean", "str", "string"),
)
_POLARS_TYPES = (
    *(f"{sign}Int{bits}" for sign in ("", "U") for bits in (8, 16, 32, 64, 128)),
    *("Float32", "Float64", "Boolean", "String", "Categorical"),
)
# Longer strings in an array of fixed lengths, in bytes, are no categories.
_LONGEST_TEXT = 2**20


def describe(template):
    """What :func:`make` needs to know of a container without rows.

    Raises
    ------
    UnstorableError
        For a container or type of column that has no form in a file, by its name.
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
        If the library of its data frame is not there.
    Exception
        Of the kind that comes first, for what :func:`describe` does not return.
    """
    kind = description["kind"]
    if kind in _FRAMES:
        return _FRAMES[kind](description, n_features)
    dtype = np.dtype(description["dtype"])
    if dtype.kind not in "biufOUSMm" or dtype.itemsize > _LONGEST_TEXT:
        raise ValueError(f"X is of {dtype}")
    if kind == "sparse":
        if description["format"] not in _SPARSE:
            raise ValueError(f"X is a {description['format']}")
        return getattr(scipy.sparse, description["format"])((0, n_features), dtype=dtype)
    shape = tuple(description["shape"])
    if kind != "array" or math.prod(shape) != n_features or min(shape) < 1:
        raise ValueError(f"X is of kind {kind} and shape {shape}")
    return np.empty((0, *shape), dtype=dtype)


def _describe_frame(template):
    library = type(template).__module__.split(".")[0]
    if library == "pandas":
        columns = template.columns
        return {
            "kind": "pandas",
            "columns": columns.tolist(),
            "columns_type": columns.nlevels == 1
            and _describe_pandas_type(columns.dtype, "columns"),
            "columns_names": list(columns.names),
            "index_names": list(template.index.names),
            "types": [
                _describe_pandas_type(dtype, name)
                for name, dtype in template.dtypes.items()
            ],
        }
    if library == "polars":
        types = [_describe_polars_type(t, name) for name, t in template.schema.items()]
        return {"kind": "polars", "columns": template.columns, "types": types}
    raise UnstorableError(
        f"The model was fitted on a data frame of {library}, which has no form in a "
        "file: fit it on one of pandas or polars."
    )


def _describe_pandas_type(dtype, name):
    if isinstance(dtype, np.dtype):
        return {"numpy": dtype.str}
    if dtype.name == "category":
        categories = dtype.categories
        texts = None if isinstance(categories.dtype, np.dtype) else str(categories.dtype)
        values = categories.to_numpy() if texts is None else categories.tolist()
        return {"categories": values, "of": texts, "ordered": bool(dtype.ordered)}
    if hasattr(dtype, "fill_value"):
        return {"sparse": dtype.subtype.str, "fill_value": dtype.fill_value}
    return {"name": _known(str(dtype), _PANDAS_TYPES, name)}


def _describe_polars_type(dtype, name):
    if hasattr(dtype, "categories") and str(dtype).startswith("Enum"):
        return {"enum": dtype.categories.to_list()}
    return {"name": _known(str(dtype), _POLARS_TYPES, name)}


def _known(name, names, column):
    if name not in names:
        raise UnstorableError(
            f"Column {column!r} of the training data is of type {name}, which has no "
            "form in a file: fit on a column of plain numbers, strings or categories."
        )
    return name


def _make_pandas(description, n_features):
    import pandas as pd

    names, types = description["columns"], description["types"]
    if not len(names) == len(types) == n_features:
        raise ValueError("a frame has another number of columns")
    # Numbered, as frames of several columns of one name are refused elsewhere.
    frame = pd.DataFrame(
        {j: pd.Series([], dtype=_pandas_type(t)) for j, t in enumerate(types)}
    )
    if not description["columns_type"]:
        frame.columns = pd.MultiIndex.from_tuples(names)
    elif names != list(range(n_features)):
        dtype = _pandas_type(description["columns_type"])
        frame.columns = pd.Index(names, dtype=dtype, tupleize_cols=False)
    frame.columns.names = description["columns_names"]
    if len(frame.index.names) == len(description["index_names"]):
        frame.index.names = description["index_names"]
    return frame


def _pandas_type(parts):
    import pandas as pd

    if "categories" in parts:
        values = parts["categories"]
        dtype = values.dtype if parts["of"] is None else _named(parts["of"])
        return pd.CategoricalDtype(pd.Index(values, dtype=dtype), bool(parts["ordered"]))
    if "name" in parts:
        return _named(parts["name"])
    dtype = np.dtype(parts.get("sparse", parts.get("numpy")))
    if dtype.kind not in "biufO":
        raise ValueError(f"a column is of {dtype}")
    return pd.SparseDtype(dtype, parts["fill_value"]) if "sparse" in parts else dtype


def _named(name):
    import pandas as pd

    if name not in _PANDAS_TYPES:
        raise ValueError(f"a column is of {name}")
    return pd.api.types.pandas_dtype(name)


def _make_polars(description, n_features):
    import polars as pl

    names, types = description["columns"], description["types"]
    if not len(names) == len(types) == n_features:
        raise ValueError("a frame has another number of columns")
    return pl.DataFrame(
        schema={
            name: pl.Enum(parts["enum"])
            if "enum" in parts
            else getattr(pl, _POLARS_TYPES[_POLARS_TYPES.index(parts["name"])])
            for name, parts in zip(names, types, strict=True)
        }
    )


_FRAMES = {"pandas": _make_pandas, "polars": _make_polars}
