"""Tables whose columns differ in type: cells to numbers, and codes back to categories.

A data frame, or an array of objects, becomes an array of floats: numbers stay as they
are, categories become codes 0, 1, ..., and missing values NaN.
"""

from numbers import Number

import numpy as np
import scipy.sparse

from sklearn_revae._data.exact import are_exact
from sklearn_revae._data.frames import (
    declared_categories,
    frame_columns,
    is_frame,
    is_time,
    time_error,
)
from sklearn_revae._data.kinds import Levels
from sklearn_revae._data.missing import is_missing
from sklearn_revae._data.names import written_name
from sklearn_revae._data.unseen import warn_unseen


def holds_objects(X):
    """Whether X is an array, or a list of rows, with cells that are not numbers."""
    if is_frame(X) or scipy.sparse.issparse(X):
        return False
    if isinstance(X, (list, tuple)):
        # NumPy would turn numbers beside a string into strings.
        try:
            X = np.array(X, dtype=object) if _has_strings(X) else np.asarray(X)
        except ValueError as error:
            raise ValueError(
                "X is a list of rows of different lengths. All rows need the same number "
                "of values: write None where a value is missing."
            ) from error
    # Dates are recognised later, by their cells.
    return getattr(getattr(X, "dtype", None), "kind", "f") in "OUSTMm"


def is_picture(sample):
    """Whether a sample of a list or an array holds rows, and not cells."""
    listed = (list, tuple, np.ndarray)
    return (
        isinstance(sample, listed) and len(sample) > 0 and isinstance(sample[0], listed)
    )


def _has_strings(rows):
    return any(isinstance(cell, str) for row in rows if np.iterable(row) for cell in row)


def _is_number(value):
    return (
        isinstance(value, Number)
        # NumPy counts time spans among its integers.
        and not _is_bool(value)
        and not isinstance(value, np.timedelta64)
        and not np.iscomplexobj(value)
    )


def columns_of(X, exact):
    """Columns of X: arrays of floats where they are numeric, else lists of objects.

    Columns in `exact` are lists if float64 may not represent their numbers.
    """
    if is_frame(X):
        return frame_columns(X, exact)
    if isinstance(X, np.ndarray) and X.dtype.kind in "iufb":
        exact = exact if X.dtype.kind in "iu" else ()
        return [
            X[:, j].tolist() if j in exact else X[:, j].astype(np.float64)
            for j in range(X.shape[1])
        ]
    array = X if isinstance(X, np.ndarray) else np.array(X, dtype=object)
    return [list(array[:, j]) for j in range(array.shape[1])]


def _sorted(values):
    """Distinct values that may be of several types, in the order of their codes."""
    try:
        return sorted(set(values), key=_sort_key)
    except TypeError:
        # Some types, such as an enum's, have no order: any that is always the same does.
        return sorted(set(values), key=lambda value: (type(value).__name__, repr(value)))


def _sort_key(value):
    return (type(value).__name__ if not isinstance(value, Number) else "", value)


def _is_bool(value):
    return isinstance(value, (bool, np.bool_))


def _as_numbers(column, name, bools=False):
    """A list of objects as floats, if all of them are numbers, or `bools`; else None."""
    missing = [is_missing(value) for value in column]
    for value, gone in zip(column, missing, strict=True):
        if not (gone or _is_number(value) or (bools and _is_bool(value))):
            return None
    try:
        return np.array(
            [np.nan if gone else v for v, gone in zip(column, missing, strict=True)],
            dtype=np.float64,
        )
    except OverflowError as error:
        raise ValueError(
            f"Column {name} of X holds a number that is too large for float64. Divide "
            "the column by a constant first."
        ) from error


def _as_category(value, name):
    """A cell, if it can be a category."""
    if is_time(value):
        raise time_error(name)
    if not (isinstance(value, (str, bytes)) or _is_bool(value) or _is_number(value)):
        raise TypeError(
            f"Column {name} of X holds {value!r} of type {type(value).__name__}, but "
            "every cell must be a string or a number (argument must be a string or a "
            "real number). Convert the column, for example a list to one column for each "
            "of its entries, or leave it out."
        )
    if isinstance(value, Number) and abs(value) == np.inf:
        raise ValueError(
            f"Column {name} of X holds infinity. Replace it by None, which is treated as "
            "missing."
        )
    # Python's numbers can be compared with one another, NumPy's not with decimals.
    return value.item() if isinstance(value, np.generic) else value


class Table:
    """Coding of the categorical columns of a table, learned in `fit`.

    Attributes
    ----------
    categories_ : dict of int to list
        The categories of each column that does not hold numbers, in the order of their
        codes. Empty if all columns hold numbers.
    ordered_ : set of int
        The columns whose categories are ordered.
    """

    def __init__(self):
        self.categories_, self.ordered_ = {}, set()

    @property
    def levels(self):
        """:class:`Levels` of each categorical column, a dict by position."""
        return {
            j: Levels(len(categories), j in self.ordered_)
            for j, categories in self.categories_.items()
        }

    def fit(self, X, names=None, discrete=()):
        """Learn which columns are categorical, and their categories.

        Parameters
        ----------
        X : data frame or array
            The table.
        names : list, optional
            Names of the columns, for messages.
        discrete : collection of int, optional
            Columns whose numbers are levels. If float64 does not represent all of them,
            so that two might become one, they are coded as categories.

        Raises
        ------
        TypeError
            If a cell is neither a string nor a number, in a column that does not declare
            its categories.
        ValueError
            If a number is too large for float64.
        """
        self.categories_, self.ordered_ = {}, set()
        for j, column in enumerate(columns_of(X, discrete)):
            if isinstance(column, np.ndarray):
                continue
            name = written_name(names, j)
            declared, ordered = declared_categories(X, j)
            # Numbers that are declared as categories are not measurements.
            numbers = None if declared else _as_numbers(column, name)
            if numbers is not None and (j not in discrete or are_exact(numbers, column)):
                continue
            if ordered is not None:
                self.categories_[j] = ordered
                self.ordered_.add(j)
                continue
            observed = [value for value in column if not is_missing(value)]
            if not declared:
                observed = [_as_category(value, name) for value in observed]
            self.categories_[j] = _sorted(observed)
        return self

    def encode(self, X, names=None):
        """Floats (n, n_features) of X; categories not seen in `fit` become missing.

        Bools are 0 and 1 in columns that held numbers in `fit`.

        Parameters
        ----------
        X : data frame or array
            A table with the same number of columns as in `fit`.
        names : list, optional
            Names of the columns, for messages.

        Raises
        ------
        TypeError
            If a column that held numbers in `fit` holds something else.
        """
        columns = columns_of(X, self.categories_)
        values = np.empty((len(columns[0]) if columns else 0, len(columns)))
        for j, column in enumerate(columns):
            name = written_name(names, j)
            if j in self.categories_:
                values[:, j] = self._codes(column, self.categories_[j], name)
                continue
            if declared_categories(X, j)[0]:
                raise TypeError(
                    f"Column {name} of X held numbers in fit, but is categorical now. "
                    "Convert it to numbers."
                )
            numbers = column
            if not isinstance(column, np.ndarray):
                numbers = _as_numbers(column, name, bools=True)
            if numbers is None:
                other = next(
                    value
                    for value in column
                    if not (is_missing(value) or _is_bool(value) or _is_number(value))
                )
                raise TypeError(
                    f"Column {name} of X held numbers in fit, but holds {other!r} now "
                    "(argument must be a string or a real number). Convert it to numbers."
                )
            values[:, j] = numbers
        return values

    @staticmethod
    def _codes(column, categories, name):
        known = {value: code for code, value in enumerate(categories)}
        types = set(map(type, categories))
        codes = np.full(len(column), np.nan)
        unseen = []
        for i, value in enumerate(column):
            if is_missing(value):
                continue
            try:
                code = known.get(value)
            except TypeError:
                # It cannot be hashed: the check below names it.
                code = None
            if code is None:
                seen = type(value) in types
                unseen.append(value if seen else _as_category(value, name))
            else:
                codes[i] = code
        if unseen:
            warn_unseen(name, _sorted(unseen))
        return codes

    def decode(self, values, j):
        """Column `j` from its numbers: floats, or a list of categories.

        A missing category becomes None.
        """
        if j not in self.categories_:
            return values
        categories = self.categories_[j]
        return [None if np.isnan(code) else categories[int(code)] for code in values]

    def as_objects(self, values):
        """Array of objects (n, n_features) from numbers."""
        objects = np.empty(values.shape, dtype=object)
        for j in range(values.shape[1]):
            column = self.decode(values[:, j], j)
            if isinstance(column, list):
                # NumPy would turn categories that are tuples into rows of an array.
                column = np.fromiter(column, dtype=object, count=len(column))
            objects[:, j] = column
        return objects

    def fits(self, dtype):
        """Whether an array of this type can hold all categories."""
        if dtype.kind not in "iu":
            return not self.categories_
        limits = np.iinfo(dtype)
        return all(
            type(value) is int and limits.min <= value <= limits.max
            for categories in self.categories_.values()
            for value in categories
        )
