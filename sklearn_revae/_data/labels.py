"""y as users write it, to integer codes with -1 for what is not observed, and back."""

import copy
import numbers

import numpy as np
import scipy.sparse
from sklearn.utils import column_or_1d
from sklearn.utils.multiclass import check_classification_targets

from sklearn_revae._data.exclusions import count_pairs, find_exclusions
from sklearn_revae._data.missing import is_missing, where_missing


def _marked(values, marker):
    """Where a one-dimensional array holds the user's marker for "unlabelled"."""
    if marker is None or is_missing(marker):
        return np.zeros(len(values), dtype=bool)
    if values.dtype.kind == "O":
        return np.fromiter(
            (not is_missing(v) and type(v) is not bool and v == marker for v in values),
            dtype=bool,
            count=len(values),
        )
    if isinstance(marker, numbers.Number) != (values.dtype.kind in "iuf"):
        return np.zeros(len(values), dtype=bool)
    return values == marker


def _reject_stringified_marker(y, values, marker):
    """NumPy turns ["a", "b", -1] into strings, and -1 into a class of its own."""
    if values.dtype.kind not in "USO" or marker is None or isinstance(marker, str):
        return
    if any(isinstance(v, str) and v == str(marker) for v in values.flat):
        raise ValueError(
            f"y holds the string {str(marker)!r} beside other strings, but "
            f"unlabeled_value={marker!r} is not a string: NumPy turned the mixed list "
            "into strings, so unlabelled rows would become a class. Write "
            f"y = np.array([...], dtype=object), or None in place of {marker!r}."
        )


def _refuse_odd_cells(column, name, marker):
    """Say which cells of a column of objects cannot be labels."""
    for value in column:
        if is_missing(value) or type(value) is type(marker):
            continue
        if not isinstance(value, (str, bytes, numbers.Number, np.generic)):
            raise ValueError(
                f"y holds {value!r} of type {type(value).__name__} for {name}: write "
                "labels as strings, whole numbers or bools."
            )
        if isinstance(value, numbers.Real) and not -(2**63) <= value < 2**64:
            raise ValueError(
                f"y holds {value!r} for {name}, which is infinity or too large for a "
                "label: write labels as strings, or as smaller numbers."
            )


def _as_array(y):
    """`y` as an array (n,) or (n, L), keeping what its cells are."""
    if scipy.sparse.issparse(y):
        raise TypeError(f"y is a {type(y).__name__}: pass y.toarray() instead.")
    if isinstance(y, np.ma.MaskedArray):
        cells = np.array(y.data, dtype=object)
        cells[np.ma.getmaskarray(y)] = None
        return cells
    if hasattr(y, "iloc"):
        dtypes = y.dtypes if hasattr(y, "columns") else [y.dtype]
        # pandas' own types, nullable ones among them, become floats with NaN otherwise.
        foreign = any(not isinstance(dtype, np.dtype) for dtype in dtypes)
        y = y.astype(object).to_numpy() if foreign else y.to_numpy()
    elif hasattr(y, "to_numpy"):
        y = y.to_numpy()
    elif hasattr(y, "categories"):
        y = np.asarray(y)
    if isinstance(y, (list, tuple)):
        nested = len(y) > 0 and all(isinstance(row, (list, tuple)) for row in y)
        flat = [v for row in y for v in row] if nested else y
        others = [v for v in flat if not isinstance(v, str)]
        # NumPy would write None and NaN out as strings, and numbers beside text in other
        # columns; numbers in the same column are refused elsewhere.
        if 0 < len(others) < len(flat) and (nested or any(map(is_missing, others))):
            return np.array(y, dtype=object)
    try:
        y = np.asarray(y)
    except ValueError as error:
        raise ValueError(
            "y is a list whose rows differ in length: write None where a label is not "
            "known."
        ) from error
    if y.dtype.names:
        raise ValueError("y is a structured array: pass pandas.DataFrame(y) instead.")
    return y


def _column_names(y, n_labels):
    """Names of the labels: a DataFrame's columns or a Series's name, else label_0..."""
    names = [f"label_{label}" for label in range(n_labels)]
    if hasattr(y, "columns"):
        names = [str(name) for name in y.columns]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"y has several columns named {twice}: rename all but one.")
        return names
    if isinstance(getattr(y, "name", None), str):
        names[0] = y.name
    return names


def _classes_of(values, name):
    """Sorted distinct values, after scikit-learn's own check that they are classes."""
    if values.dtype.kind == "O":
        if len({isinstance(v, str) for v in values}) > 1:
            raise ValueError(
                f"y holds both strings and other values for {name}: scikit-learn's "
                "classes are of one kind. Write them all as strings, or all as numbers."
            )
        # Numbers and bools kept as objects beside None: give them their own type back.
        values = np.array(list(values))
    with np.errstate(invalid="ignore"):
        # It casts numbers to integers, too large ones among them.
        check_classification_targets(values)
    return np.unique(values)


class LabelCodes:
    """The correspondence of a user's labels to codes.

    Parameters
    ----------
    unlabeled_value : object
        The value that marks a cell as unlabelled, beside None and NaN; None for no
        further marker.

    Attributes
    ----------
    classes_ : list of ndarray
        For each label its values, sorted.
    names_ : list of str
        For each label its name.
    several_ : bool
        Whether y was two-dimensional.
    counts_ : list of ndarray (n_values,)
        For each label the weighted number of samples observed with each value.
    pair_counts_ : ndarray (n_values of all labels, n_values of all labels) or 0.0
        The number of samples observed with each pair of values, see
        :func:`~sklearn_revae._data.exclusions.count_pairs`.
    """

    def __init__(self, unlabeled_value=-1):
        self.unlabeled_value = unlabeled_value

    def _columns(self, y):
        """Cells by label, and where each is observed."""
        values = _as_array(y)
        if values.ndim == 2 and values.shape[1] == 1:
            values = column_or_1d(values, warn=True)
        if values.ndim not in (1, 2) or 0 in values.shape[1:]:
            raise ValueError(
                f"y should be a 1d array, or a 2d array with a column for each label; "
                f"got an array of shape {values.shape} instead."
            )
        _reject_stringified_marker(y, values, self.unlabeled_value)
        several = values.ndim == 2
        columns = list(values.T) if several else [values]
        for label, column in enumerate(columns):
            if column.dtype.kind == "O":
                # Before they are compared with the marker, which some do not bear.
                _refuse_odd_cells(column, f"label_{label}", self.unlabeled_value)
        observed = [
            ~(where_missing(c) | _marked(c, self.unlabeled_value)) for c in columns
        ]
        for column, seen in zip(columns, observed, strict=True):
            if column.dtype.kind == "f" and np.isinf(column[seen]).any():
                raise ValueError(
                    "Input y contains infinity or a value too large for its type."
                )
        return columns, observed, several

    def fit(self, y, classes=None):
        """Learn the values of each label from `y`, or take them from `classes`."""
        columns, observed, several = self._columns(y)
        names = _column_names(y, len(columns))
        if classes is not None:
            return self.fit_classes(classes, names, several)
        self.several_, self.names_ = several, names
        self.classes_ = [
            _classes_of(c[o], name)
            for c, o, name in zip(columns, observed, names, strict=True)
        ]
        return self

    def fit_classes(self, classes, names=None, several=None):
        """Take the values from `classes`: of one label, or a list of them for several."""
        if several is None:
            several = np.ndim(classes[0]) > 0
        classes = classes if several else [classes]
        names = [f"label_{i}" for i in range(len(classes))] if names is None else names
        if len(classes) != len(names):
            raise ValueError(
                f"classes is for {len(classes)} label(s), but y has {len(names)}."
            )
        self.several_, self.names_ = several, names
        self.classes_ = [
            _classes_of(np.asarray(c), name)
            for c, name in zip(classes, names, strict=True)
        ]
        return self

    def encode(self, y, unknown="raise"):
        """Return codes (n, L), -1 where a cell is not observed.

        A value that is none of the label's classes raises, or, with unknown="count",
        gets the code K_l, one past the last.

        Raises
        ------
        ValueError
            For a value that is none of the label's classes, or another number of labels.
        """
        columns, observed, several = self._columns(y)
        if len(columns) != len(self.classes_) or several != self.several_:
            raise ValueError(
                f"y has {len(columns)} label(s), but the estimator was fitted with "
                f"{len(self.classes_)}: {self.names_}."
            )
        codes = np.full((len(columns[0]), len(columns)), -1, dtype=np.int64)
        for label, (column, seen) in enumerate(zip(columns, observed, strict=True)):
            codes[seen, label] = self.encode_values(column[seen], label, unknown)
        return codes

    def encode_values(self, values, label, unknown="raise"):
        """Codes (n,) of values of one label, all of them observed; see :meth:`encode`."""
        classes, name = self.classes_[label], self.names_[label]
        lookup = {value: code for code, value in enumerate(classes.tolist())}
        values = np.asarray(values).tolist()
        codes = np.fromiter(
            (lookup.get(v, len(classes)) for v in values),
            dtype=np.int64,
            count=len(values),
        )
        if unknown == "raise" and np.any(codes == len(classes)):
            stranger = values[int(np.argmax(codes == len(classes)))]
            raise ValueError(
                f"{stranger!r} is not a value of {name}: its values are "
                f"{classes.tolist()}."
            )
        return codes

    def decode(self, codes):
        """Values as the user wrote them: (n,) for one label, (n, L) for several."""
        columns = [c[codes[:, label]] for label, c in enumerate(self.classes_)]
        if not self.several_:
            return columns[0]
        kinds = {c.dtype.kind for c in self.classes_}
        # NumPy would write numbers beside strings as strings, and True beside 2 as 1.
        if len(kinds) > 1 and not kinds <= set("iuf"):
            columns = [c.astype(object) for c in columns]
        return np.stack(columns, axis=1)

    def without_classes(self):
        """Names of the labels that have no value in any sample."""
        return [
            name
            for name, classes in zip(self.names_, self.classes_, strict=True)
            if len(classes) == 0
        ]

    def counted(self, codes, weight):
        """Return these labels with samples added to the counts of values and of pairs.

        Parameters
        ----------
        codes : ndarray of int (n, L)
            -1 where not observed.
        weight : ndarray (n,)
            Weight of each sample.
        """
        labels = copy.copy(self)
        counts = getattr(self, "counts_", [np.zeros(len(c)) for c in self.classes_])
        labels.counts_ = [
            count + np.bincount(c[c >= 0], weight[c >= 0], minlength=len(count))
            for count, c in zip(counts, codes.T, strict=True)
        ]
        pairs = count_pairs(codes, [len(count) for count in counts])
        labels.pair_counts_ = getattr(self, "pair_counts_", 0.0)
        if pairs is not None:
            labels.pair_counts_ = labels.pair_counts_ + pairs
        return labels

    def exclusions(self):
        """Values that exclude each other, see :func:`find_exclusions`."""
        return find_exclusions(self.pair_counts_, [len(c) for c in self.classes_])

    def named_exclusions(self, exclusions):
        """Exclusions as pairs of (label, value) in the user's terms, each pair once."""
        names, classes = self.names_, self.classes_
        return [
            (
                (names[label], classes[label].tolist()[value]),
                (names[other], classes[other].tolist()[code]),
            )
            for label, value, other, code, _ in exclusions
            if label < other
        ]

    def index(self, label):
        """Position of a label given by its name or its index.

        Raises
        ------
        ValueError
            If there is no such label.
        """
        if isinstance(label, str) and label in self.names_:
            return self.names_.index(label)
        if (
            isinstance(label, numbers.Integral)
            and not isinstance(label, (bool, np.bool_))
            and 0 <= label < len(self.names_)
        ):
            return int(label)
        raise ValueError(
            f"{label!r} is not a label: the labels are {self.names_}, or their index "
            f"0..{len(self.names_) - 1}."
        )


def cell_accuracy(predicted, codes, weight=None):
    """Weighted share of the observed cells predicted right.

    Parameters
    ----------
    predicted, codes : ndarray of int (n, L)
        Codes; -1 in `codes` marks what is not observed and not counted.
    weight : ndarray (n,), optional
        Weight of each row.

    Raises
    ------
    ValueError
        If no cell is observed, or none of positive weight.
    """
    observed = codes >= 0
    weights = observed * (1.0 if weight is None else np.asarray(weight)[:, None])
    total = weights.sum()
    if not total > 0:
        raise ValueError(
            "score needs at least one labelled row of positive weight: every cell of y "
            "is marked as unlabelled."
        )
    return float((weights * (predicted == codes)).sum() / total)
