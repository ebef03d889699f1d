"""y as users write it to one array of cells per label, each of its own type."""

import numbers
from dataclasses import dataclass

import narwhals as nw
import numpy as np
import scipy.sparse
from numpy.typing import NDArray
from sklearn.exceptions import DataConversionWarning

from sklearn_revae._data.missing import is_missing, where_missing
from sklearn_revae._data.names import is_integer
from sklearn_revae._data.soft_labels import SoftLabel, resolve
from sklearn_revae._data.tensors import as_numpy
from sklearn_revae._warning import warn_user


@dataclass
class Targets:
    """The labels of some samples, before they are encoded.

    Parameters
    ----------
    columns : list of ndarray (n,)
        The cells of each label, None where several classes are possible.
    observed : list of ndarray of bool (n,)
        Which of them hold a label.
    several : bool
        Whether y was two-dimensional.
    names : list of str
        Names of the labels: the columns of a frame or the name of a Series, otherwise
        "label_0", "label_1", ...
    integer_names : bool
        Whether y was a frame with columns that are named by integers.
    soft : list of dict of int to SoftLabel
        For each label, the entries made by :func:`sklearn_revae.soft_labels`.
    """

    columns: list[NDArray]
    observed: list[NDArray[np.bool_]]
    several: bool
    names: list[str]
    integer_names: bool
    soft: list[dict[int, SoftLabel]]


def read_targets(y, unlabeled_value, warn=False):
    """Return y as :class:`Targets`.

    Parameters
    ----------
    y : array-like of shape (n_samples,) or (n_samples, n_labels)
        Labels as the user wrote them.
    unlabeled_value : object
        The value that marks a cell as unlabelled, besides None and NaN; None for no
        further marker.
    warn : bool, default=False
        Whether to warn of a y with a single column, as scikit-learn does.

    Raises
    ------
    TypeError
        If y is a sparse matrix or tensor.
    ValueError
        If y has more than two dimensions or no column, or holds something that cannot be
        a label; if `unlabeled_value` cannot be an entry of y, or is a class of its soft
        labels.
    """
    check_unlabeled_value(unlabeled_value)
    columns, shape = _columns_of(y)
    several = len(shape) == 2
    if len(shape) not in (1, 2) or 0 in shape[1:]:
        raise ValueError(
            "y should be a 1d array, or a 2d array with a column for each label; got an "
            f"array of shape {shape} instead."
        )
    names, integer_names = _names_of(y, len(columns))
    if several and len(columns) == 1:
        several = False
        if warn:
            warn_user(
                "A column-vector y was passed when a 1d array was expected. Change the "
                "shape of y to (n_samples,), for example using ravel().",
                DataConversionWarning,
            )
    columns = [_with_plain_strings(column) for column in columns]
    resolved = [resolve(column) for column in columns]
    columns, soft = [list(parts) for parts in zip(*resolved, strict=True)]
    observed = []
    for column, name, entries in zip(columns, names, soft, strict=True):
        # Before cells are compared with the marker, which not all objects support.
        _refuse_unsuitable_cells(column, name, unlabeled_value)
        _refuse_marker_as_text(column, unlabeled_value)
        _refuse_marker_as_number(column, unlabeled_value)
        _refuse_marker_as_class(entries, name, unlabeled_value)
        seen = observed_cells(column, unlabeled_value)
        if column.dtype.kind == "f" and np.isinf(column[seen]).any():
            raise ValueError(
                f"Input y contains infinity for {name}, or a value too large for its "
                "type. Write None where a label is not known."
            )
        observed.append(seen)
    return Targets(columns, observed, several, names, integer_names, soft)


def check_names(names, fitted):
    """Refuse several labels whose names, or their order, are not those that were fitted.

    Labels without names, on either side, are those at the same positions.
    """
    if names == fitted:
        return
    unnamed = [[f"{start}{i}" for i in range(len(names))] for start in ("label_", "")]
    named = len(names) > 1 and names not in unnamed and fitted not in unnamed
    if sorted(names) == sorted(fitted):
        cure = "Pass them in this order."
    elif named:
        cure = "Pass these, or an array without names if only the names differ."
    else:
        return
    raise ValueError(
        f"The columns of y are {names}, but those that the estimator was fitted to are "
        f"{fitted}. {cure}"
    )


def as_array(y):
    """Return y as one array (n,) or (n, L): of objects if its columns differ in type."""
    columns, shape = _columns_of(y)
    return stacked(columns, len(shape) == 2)


def stacked(columns, several):
    """Return the cells of each label as one array, see :func:`as_array`."""
    if not several:
        return columns[0]
    if len({column.dtype for column in columns}) > 1:
        columns = [column.astype(object) for column in columns]
    return np.stack(columns, axis=1)


def of_own_type(cells):
    """Return an array of the type of its cells, which are objects (n,) of one kind."""
    cells = list(cells)
    values = np.array(cells)
    if values.dtype.kind == "f" and cells and all(map(is_integer, cells)):
        # NumPy makes floats of integers if only some of them are beyond int64.
        return np.array(cells, dtype=np.uint64) if min(cells) >= 0 else values
    return values


def _columns_of(y):
    """The cells of each label, a list of arrays, and the shape of y."""
    if scipy.sparse.issparse(y):
        raise TypeError(
            f"y is a {type(y).__name__}, which is not supported. Pass y.toarray()."
        )
    if nw.dependencies.is_into_dataframe(y) and hasattr(y, "columns"):
        _refuse_duplicates(y.columns)
        frame = nw.from_native(y, eager_only=True)
        return [_series_cells(series) for series in frame.iter_columns()], frame.shape
    if nw.dependencies.is_into_series(y):
        cells = _series_cells(nw.from_native(y, series_only=True))
        return [cells], cells.shape
    cells = _as_array(y)
    return list(cells.T) if cells.ndim == 2 else [cells], cells.shape


def _refuse_duplicates(names):
    names = [str(name) for name in names]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"y has several columns named {twice}. Rename all but one.")


def _series_cells(series):
    """The cells of one column of a frame, which keep their type beside missing ones."""
    dtype = series.dtype
    own_missing = dtype.is_float() or dtype.is_temporal()
    # NumPy has no integers or bools that can be missing, and no integers of 128 bits.
    if dtype in (nw.Int128, nw.UInt128) or (series.is_null().any() and not own_missing):
        return _objects(series.to_list())
    return series.to_numpy()


def _with_plain_strings(column):
    """A column whose strings are of the type str, as NumPy reads members of enumerations.

    NumPy would take their names, and hash tables would not find their values.
    """
    if column.dtype.kind != "O":
        return column
    return _objects([str.__str__(v) if isinstance(v, str) else v for v in column])


def _objects(cells):
    return np.fromiter(cells, dtype=object, count=len(cells))


def _as_array(y):
    """Anything but frames and Series as an array, whose cells keep their type."""
    if isinstance(y, np.ma.MaskedArray):
        cells = np.array(y.data, dtype=object)
        cells[np.ma.getmaskarray(y)] = None
        return cells
    if isinstance(y, (list, tuple)):
        return _array_of_list(y)
    if hasattr(y, "dtype") and not isinstance(y, np.ndarray):
        # pandas' own arrays have types that NumPy does not have.
        y = as_numpy(y)
        return np.asarray(y) if isinstance(y.dtype, np.dtype) else _objects(list(y))
    y = np.asarray(y)
    if y.dtype.names:
        raise ValueError(
            "y is a structured array, which is not supported. Pass pandas.DataFrame(y)."
        )
    return y


def _array_of_list(y):
    """A list as an array: of objects where NumPy would change the type of a cell."""
    if len(y) > 0 and all(isinstance(row, (list, tuple)) for row in y):
        if len({len(row) for row in y}) > 1:
            raise ValueError(
                "y is a list whose rows differ in length. Write None where a label is "
                "not known."
            )
        return np.array(y, dtype=object)
    if any(is_missing(v) or (isinstance(v, str) and type(v) is not str) for v in y):
        return _objects(y)
    return np.asarray(y)


def _names_of(y, n_labels):
    """Names of the labels, and whether some of them are integers."""
    names = [f"label_{label}" for label in range(n_labels)]
    if nw.dependencies.is_into_dataframe(y) and hasattr(y, "columns"):
        columns = list(nw.from_native(y, eager_only=True).columns)
        return [str(name) for name in columns], any(map(is_integer, columns))
    if isinstance(getattr(y, "name", None), str):
        names[0] = y.name
    return names, False


def _refuse_unsuitable_cells(column, name, marker):
    """Refuse objects that cannot be labels."""
    if column.dtype.kind != "O":
        return
    for value in column:
        if is_missing(value) or type(value) is type(marker):
            continue
        if not isinstance(value, (str, bytes, numbers.Number, np.generic)):
            raise ValueError(
                f"y holds {value!r} of type {type(value).__name__} for {name}. Labels "
                "have to be strings, integers or bools."
            )
        if isinstance(value, numbers.Real) and not -(2**63) <= value < 2**64:
            raise ValueError(
                f"y holds {value!r} for {name}, which is infinite or does not fit into "
                "64 bits. Write labels as strings, or as smaller numbers."
            )


def check_unlabeled_value(marker):
    """Refuse what cannot mark entries: collections, and bools, which equal 0 and 1."""
    single = np.isscalar(marker) and not isinstance(marker, (bool, np.bool_))
    if not single and not is_missing(marker):
        raise ValueError(
            f"unlabeled_value={marker!r} must be a number, a string or None. If several "
            "values mark unlabelled samples, replace them by None in y."
        )


def _refuse_marker_as_text(column, marker):
    """Refuse strings such as "-1", which NumPy makes of -1 beside strings."""
    if column.dtype.kind not in "USO" or marker is None or isinstance(marker, str):
        return
    # A column of integers that once held NaN holds floats.
    written = {str(marker), str(float(marker))} if is_integer(marker) else {str(marker)}
    for value in column:
        if isinstance(value, str) and value in written:
            raise ValueError(
                f"y holds the string {str(value)!r}, but unlabeled_value={marker!r} is "
                "not a string. NumPy turns numbers beside strings into strings, so "
                "unlabelled samples would become a class. Pass y = np.array([...], "
                f"dtype=object), or write None instead of {marker!r}."
            )


def _refuse_marker_as_number(column, marker):
    """Refuse numbers that the marker would be if it were not a string."""
    if not isinstance(marker, str) or column.dtype.kind not in "iufO":
        return
    try:
        number = float(marker)
    except ValueError:
        return
    if _is_marker(column, number).any():
        raise ValueError(
            f"y holds the number {number:g}, but unlabeled_value={marker!r} is a string, "
            "so unlabelled samples would become a class. Pass "
            f"unlabeled_value={number:g}."
        )


def _refuse_marker_as_class(soft, name, marker):
    """Refuse soft labels whose classes contain the marker of unlabelled cells."""
    for classes in {cell.classes for cell in soft.values()}:
        if _is_marker(_objects(classes), marker).any():
            raise ValueError(
                f"The soft labels for {name} have the classes {list(classes)}, but "
                f"unlabeled_value={marker!r} marks samples that are not labelled. Set "
                f"unlabeled_value=None, so that {marker!r} is a class."
            )


def observed_cells(column, unlabeled_value):
    """Where a column (n,) of labels holds a value: mask of bool."""
    return ~(where_missing(column) | _is_marker(column, unlabeled_value))


def _is_marker(column, marker):
    """Where a column holds the user's marker of unlabelled cells."""
    if marker is None or is_missing(marker):
        return np.zeros(len(column), dtype=bool)
    if column.dtype.kind == "O":
        return np.fromiter(
            (
                not is_missing(v) and not isinstance(v, (bool, np.bool_)) and v == marker
                for v in column
            ),
            dtype=bool,
            count=len(column),
        )
    if isinstance(marker, numbers.Number) != (column.dtype.kind in "iuf"):
        return np.zeros(len(column), dtype=bool)
    return column == marker
