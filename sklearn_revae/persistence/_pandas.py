"""pandas' indexes, types and scalars as dicts of plain values and arrays, and back.

The names of a frame's columns are an index, and so are the categories of a column. An
index of dates or intervals is described by arrays of its parts.
"""

import datetime
from zoneinfo import ZoneInfo

import numpy as np

from sklearn_revae.persistence._errors import UnstorableError

# Types that their name describes completely.
_NAMED_TYPES = (
    *(f"{sign}Int{bits}" for sign in ("", "U") for bits in (8, 16, 32, 64)),
    *("Float32", "Float64", "boolean", "str", "string"),
)


def is_scalar(value):
    """Whether a value is a Timestamp, Timedelta, Period or Interval."""
    # By their names, because pandas need not be installed.
    library, name = type(value).__module__.split(".")[0], type(value).__name__
    return library == "pandas" and name in (
        "Timestamp",
        "Timedelta",
        "Period",
        "Interval",
    )


def index_of(values):
    """The index of scalars in a list, or None if they are not of one type."""
    if not values or not all(map(is_scalar, values)):
        return None
    import pandas as pd

    index = pd.Index(values)
    return None if index.dtype == object else index


def describe_index(index, place):
    """What :func:`make_index` needs to know about an index.

    Parameters
    ----------
    index : pandas.Index
        The index; its names are not described.
    place : str
        What messages call it.

    Raises
    ------
    UnstorableError
        For an index whose type a file cannot hold.
    """
    import pandas as pd

    def described(part):
        return describe_index(part, place)

    if isinstance(index, pd.MultiIndex):
        levels = [index.get_level_values(i) for i in range(index.nlevels)]
        return {"levels": [described(level) for level in levels]}
    if isinstance(index, pd.RangeIndex):
        return {"range": [index.start, index.stop, index.step]}
    if isinstance(index, pd.CategoricalIndex):
        codes = np.array(index.codes, dtype=np.int64)
        return {"codes": codes, "type": describe_type(index.dtype, place)}
    if isinstance(index, pd.IntervalIndex):
        ends = {"left": described(index.left), "right": described(index.right)}
        return ends | {"closed": index.closed}
    if isinstance(index, pd.PeriodIndex):
        return {"ordinals": np.array(index.asi8), "frequency": index.freqstr}
    if isinstance(index, pd.DatetimeIndex) and index.tz is not None:
        times = index.tz_convert(None).to_numpy()
        return {"times": times, "zone": _describe_zone(index.tz, place)}
    if isinstance(index.dtype, np.dtype):
        return {"values": np.array(index)}
    return {"values": index.tolist(), "type": describe_type(index.dtype, place)}


def make_index(description, n=None):
    """The index that was described.

    Parameters
    ----------
    description : dict
        What :func:`describe_index` returned.
    n : int, optional
        Its length, if that is known.

    Raises
    ------
    Exception
        Of any type, for what :func:`describe_index` does not return.
    """
    import pandas as pd

    if "range" in description:
        index = pd.RangeIndex(*description["range"])
        # A range takes no memory, however long it is, but what is made from it does.
        if n is None:
            raise ValueError("an index is a range of unknown length")
    elif "levels" in description:
        parts = [make_index(level, n) for level in description["levels"]]
        index = pd.MultiIndex.from_arrays(parts)
    elif "codes" in description:
        dtype = make_type(description["type"])
        values = pd.Categorical.from_codes(description["codes"], dtype=dtype)
        index = pd.CategoricalIndex(values)
    elif "closed" in description:
        left, right = (make_index(description[end], n) for end in ("left", "right"))
        index = pd.IntervalIndex.from_arrays(left, right, description["closed"])
    elif "frequency" in description:
        index = pd.PeriodIndex.from_ordinals(
            description["ordinals"], freq=description["frequency"]
        )
    elif "zone" in description:
        times = pd.DatetimeIndex(description["times"]).tz_localize("UTC")
        index = times.tz_convert(_make_zone(description["zone"]))
    else:
        values = description["values"]
        dtype = make_type(description["type"]) if "type" in description else values.dtype
        index = pd.Index(values, dtype=dtype, tupleize_cols=False)
    if n is not None and len(index) != n:
        raise ValueError(f"an index has {len(index)} entries, but should have {n}")
    return index


def _describe_zone(zone, place):
    # zoneinfo calls it key, and pytz zone.
    name = getattr(zone, "key", None) or getattr(zone, "zone", None)
    if name is not None:
        return name
    if isinstance(zone, datetime.timezone):
        return zone.utcoffset(None).total_seconds()
    raise UnstorableError(
        f"{place} has the time zone {zone!r}, which cannot be stored in a file. Use a "
        "named zone, such as 'Europe/Berlin', or a fixed offset."
    )


def _make_zone(zone):
    if not isinstance(zone, str):
        return datetime.timezone(datetime.timedelta(seconds=zone))
    # Raises if it is not a zone's name: pandas would also take paths of files.
    ZoneInfo(zone)
    return zone


def describe_type(dtype, place):
    """What :func:`make_type` needs to know about the type of a column or an index.

    Raises
    ------
    UnstorableError
        For a type that a file cannot hold, with `place`.
    """
    if isinstance(dtype, np.dtype):
        return {"numpy": dtype.str}
    if dtype.name == "category":
        categories = dtype.categories
        if isinstance(categories.dtype, np.dtype):
            description = {"values": np.array(categories)}
        else:
            description = describe_index(categories, place)
        return {"categories": description, "ordered": bool(dtype.ordered)}
    if hasattr(dtype, "fill_value"):
        return {"sparse": dtype.subtype.str, "fill_value": dtype.fill_value}
    return {"name": checked_name(str(dtype), _NAMED_TYPES, place)}


def make_type(description):
    """The type that was described; see :func:`describe_type`."""
    import pandas as pd

    if "categories" in description:
        categories = description["categories"]
        if not isinstance(categories, dict):
            # So files wrote them before other indexes than plain ones could be stored.
            categories = {"values": categories}
            if description["of"] is not None:
                categories["type"] = {"name": description["of"]}
        return pd.CategoricalDtype(make_index(categories), bool(description["ordered"]))
    if "name" in description:
        if description["name"] not in _NAMED_TYPES:
            raise ValueError(f"a column has the unknown type {description['name']}")
        return pd.api.types.pandas_dtype(description["name"])
    dtype = np.dtype(description.get("sparse", description.get("numpy")))
    if dtype.kind not in "biufO":
        raise ValueError(f"a column has the invalid type {dtype}")
    if "sparse" in description:
        return pd.SparseDtype(dtype, description["fill_value"])
    return dtype


def checked_name(name, names, place):
    """The name of a type, if it is one of the `names` that a file can hold.

    Raises
    ------
    UnstorableError
        If it is not, with `place`.
    """
    if name not in names:
        raise UnstorableError(
            f"{place} is of type {name}, which cannot be stored in a file. Fit on "
            "columns of plain numbers, strings or categories."
        )
    return name
