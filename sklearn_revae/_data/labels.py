"""The correspondence of y to integer codes, with -1 for cells that are not labelled."""

import copy
import warnings
from collections.abc import Mapping, Set

import numpy as np
from sklearn.utils.multiclass import check_classification_targets

from sklearn_revae._data.exclusions import count_pairs, find_exclusions
from sklearn_revae._data.names import is_integer
from sklearn_revae._data.soft_labels import add_evidence, expected_counts
from sklearn_revae._data.targets import (
    check_names,
    observed_cells,
    of_own_type,
    read_targets,
)
from sklearn_revae._data.tensors import as_numpy
from sklearn_revae._warning import warn_user


def _classes_of(values, name, argument="y"):
    """Sorted distinct values, after scikit-learn's own check that they are classes."""
    if values.dtype.kind == "O":
        if len({isinstance(v, str) for v in values}) > 1:
            raise ValueError(
                f"{argument} holds both strings and other values for {name}, but the "
                "classes of a label have to be of one kind. Write all of them as "
                "strings, or all as numbers."
            )
        # Numbers and bools that were objects beside None get their own type back.
        values = of_own_type(values)
    with np.errstate(invalid="ignore"), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        # The check casts numbers to integers, even those that are too large.
        try:
            check_classification_targets(values)
        except ValueError as error:
            raise ValueError(
                f"{error} ReVAERegressor learns numbers, and has `transform` as well."
            ) from error
    for warning in caught:
        # Its own place would be this file.
        warn_user(str(warning.message), warning.category)
    return np.unique(values)


def _with_classes_of(soft, values):
    """Values of one label, and the classes of all its soft entries."""
    classes = [c for names in {cell.classes for cell in soft.values()} for c in names]
    if not classes:
        return values
    return np.array([*values, *classes], dtype=object)


def _is_listed(values):
    """Whether an object has entries in an order, as array-likes have."""
    unordered = isinstance(values, (str, bytes, Mapping, Set))
    return np.iterable(values) and hasattr(values, "__len__") and not unordered


def _entries_of(values, name):
    """The classes of one label, an array of objects, whose types NumPy cannot change."""
    if not _is_listed(values) or any(map(_is_listed, values)):
        raise ValueError(
            f"classes holds {values!r} for {name}, but the classes of a label have to be "
            "a one-dimensional array-like, for example [0, 1]. For several labels, pass "
            "a list with one such array per label."
        )
    return np.fromiter(as_numpy(values), dtype=object, count=len(values))


class LabelCodes:
    """The correspondence of a user's labels to integer codes.

    Parameters
    ----------
    unlabeled_value : object, default=-1
        The value that marks a cell as unlabelled, besides None and NaN; None for no
        further marker.

    Attributes
    ----------
    classes_ : list of ndarray
        The classes of each label, sorted.
    names_ : list of str
        The name of each label.
    integer_names_ : bool
        Whether names are written as integers, so that an integer is a name and not a
        position.
    several_ : bool
        Whether y was two-dimensional.
    counts_ : list of ndarray (n_classes,)
        The total weight of the samples of each class, for each label.
    pair_counts_, pair_weights_ : ndarray (n_classes of all labels, the same) or 0.0
        The number of samples with each pair of values, and their total weight; see
        :func:`~sklearn_revae._data.exclusions.count_pairs`.
    """

    integer_names_ = False

    def __init__(self, unlabeled_value=-1):
        self.unlabeled_value = unlabeled_value

    def fit(self, y, classes=None):
        """Learn the classes of each label from `y`, or take them from `classes`."""
        targets = read_targets(y, self.unlabeled_value, warn=True)
        self.integer_names_ = targets.integer_names
        if classes is not None:
            return self.fit_classes(classes, targets.names, targets.several)
        self.several_, self.names_ = targets.several, targets.names
        self.classes_ = [
            _classes_of(_with_classes_of(soft, column[seen]), name)
            for column, seen, name, soft in zip(
                targets.columns,
                targets.observed,
                targets.names,
                targets.soft,
                strict=True,
            )
        ]
        return self

    def fit_classes(self, classes, names=None, several=None):
        """Take the classes of one label, or a list with those of each label."""
        if several is None:
            several = _is_listed(classes) and any(map(_is_listed, classes))
        classes = classes if several and _is_listed(classes) else [classes]
        names = [f"label_{i}" for i in range(len(classes))] if names is None else names
        if len(classes) != len(names):
            raise ValueError(
                f"classes has {len(classes)} entries, but y has {len(names)} labels. "
                "Pass a list with one array of classes per label."
            )
        self.several_, self.names_ = several, names
        self.classes_ = []
        for values, name in zip(classes, names, strict=True):
            values = _entries_of(values, name)
            # np.unique(y), which users pass, also holds the marker.
            values = values[observed_cells(values, self.unlabeled_value)]
            if len(values) == 0:
                raise ValueError(f"classes holds no class of {name}. Pass all of them.")
            self.classes_.append(_classes_of(values, name, "classes"))
        return self

    def encode(self, y, unknown="raise"):
        """Return the codes (n, L) of y, -1 where no single class is known.

        The parameters and errors are those of :meth:`encode_soft`.
        """
        return np.maximum(self.encode_soft(y, unknown)[0], -1)

    def encode_soft(self, y, unknown="raise"):
        """Return the codes of y, and the likelihoods of the classes of soft labels.

        Parameters
        ----------
        y : array-like of shape (n,) or (n, L)
            Labels as the user wrote them.
        unknown : {"raise", "count"}, default="raise"
            Whether a value that is not a class raises, or gets the code K_l, one past the
            last. A string among classes that are not, or the reverse, always raises.

        Returns
        -------
        codes : ndarray of int (n, L)
            Codes, -1 where a cell is not labelled. Where several classes are possible,
            -2 minus a row of `evidence`.
        evidence : ndarray (R, K)
            Likelihood of each class, 0 beyond the last class of a label.

        Raises
        ------
        ValueError
            For a value that is not a class, another number of labels, or labels
            with other names or in another order.
        """
        targets = read_targets(y, self.unlabeled_value)
        n_labels = len(targets.columns)
        if n_labels != len(self.classes_) or targets.several != self.several_:
            raise ValueError(
                f"y has {n_labels} label(s), but the estimator was fitted with "
                f"{len(self.classes_)}: {self.names_}."
            )
        check_names(targets.names, self.names_)
        codes = np.full((len(targets.columns[0]), n_labels), -1, dtype=np.int64)
        for label in range(n_labels):
            column, seen = targets.columns[label], targets.observed[label]
            codes[seen, label] = self.encode_values(column[seen], label, unknown)
        width, rows = max(self.n_values, default=0), {}
        for label, soft in enumerate(targets.soft):
            if unknown == "raise":
                named = {v for cell in soft.values() for v in cell.possible}
                self.encode_values(sorted(named), label)
            positions = {v: k for k, v in enumerate(self.classes_[label].tolist())}
            for place, code in add_evidence(rows, soft, positions, width).items():
                codes[place, label] = code
        return codes, np.array(list(rows), dtype=np.float64).reshape(len(rows), width)

    def encode_values(self, values, label, unknown="raise"):
        """Codes (n,) of values of one label, all of them labelled; see :meth:`encode`."""
        classes = self.classes_[label].tolist()
        lookup = {value: code for code, value in enumerate(classes)}
        values = np.asarray(values).tolist()
        codes = np.fromiter(
            (lookup.get(value, len(classes)) for value in values),
            dtype=np.int64,
            count=len(values),
        )
        strange = codes == len(classes)
        if unknown == "count" and strange.any():
            text = any(isinstance(value, str) for value in classes)
            strange &= [isinstance(value, str) != text for value in values]
        if strange.any():
            stranger = values[int(np.argmax(strange))]
            raise ValueError(
                f"{stranger!r} is not a value of {self.names_[label]}: its values are "
                f"{classes}."
            )
        return codes

    def encode_requests(self, values, label):
        """Codes (n,) of values of one label, -1 where a cell is not labelled."""
        codes = np.full(len(values), -1, dtype=np.int64)
        seen = observed_cells(values, self.unlabeled_value)
        codes[seen] = self.encode_values(values[seen], label)
        return codes

    def decode(self, codes):
        """Values as the user wrote them: (n,) for one label, (n, L) for several."""
        columns = [c[codes[:, label]] for label, c in enumerate(self.classes_)]
        if not self.several_:
            return columns[0]
        kinds = {c.dtype.kind for c in self.classes_}
        # NumPy would write numbers beside strings as strings, True beside 2 as 1, and
        # large integers of different types as rounded numbers.
        if len(kinds) > 1 and not (kinds <= set("iuf") and _fit_together(self.classes_)):
            columns = [c.astype(object) for c in columns]
        return np.stack(columns, axis=1)

    @property
    def n_values(self):
        """Number of classes of each label, a list."""
        return [len(classes) for classes in self.classes_]

    def described_values(self, label):
        """The values of a label, for error messages."""
        return f"its values are {self.classes_[label].tolist()}"

    def without_classes(self):
        """Names of the labels that no sample has a value of."""
        return [
            name
            for name, classes in zip(self.names_, self.classes_, strict=True)
            if len(classes) == 0
        ]

    def counted(self, codes, weight, accumulate=False, evidence=()):
        """Return these labels with the classes and the pairs of values counted.

        Parameters
        ----------
        codes : ndarray of int (n, L)
            -1 where not observed, below -1 where several classes are possible.
        weight : ndarray (n,)
            Weight of each sample.
        accumulate : bool, default=False
            Whether to add to the present counts, instead of counting from zero.
        evidence : ndarray (R, K), default=()
            What codes below -1 stand for, see :meth:`encode_soft`.
        """
        labels = copy.copy(self)
        labels.counts_ = [np.zeros(len(classes)) for classes in self.classes_]
        labels.pair_counts_ = labels.pair_weights_ = 0.0
        if accumulate:
            labels.counts_ = self.counts_
            labels.pair_counts_ = self.pair_counts_
            labels.pair_weights_ = self.pair_weights_
        labels.counts_ = [
            count + np.bincount(c[c >= 0], weight[c >= 0], minlength=len(count))
            for count, c in zip(labels.counts_, codes.T, strict=True)
        ]
        if len(evidence):
            labels.counts_ = [
                count + expected_counts(c, weight, evidence[:, : len(count)], count)
                for count, c in zip(labels.counts_, codes.T, strict=True)
            ]
        labels.pair_counts_ = labels.pair_counts_ + count_pairs(codes, self.n_values)
        labels.pair_weights_ = labels.pair_weights_ + count_pairs(
            codes, self.n_values, weight
        )
        return labels

    def exclusions(self):
        """Values that exclude each other, see :func:`find_exclusions`."""
        return find_exclusions(self.pair_counts_, self.pair_weights_, self.n_values)

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

    def index(self, label, argument):
        """Position of a label that an argument gives by its name or its position.

        Names come first: where columns of y are named by integers, an integer is a name.

        Raises
        ------
        ValueError
            If there is no such label.
        """
        return position_of(label, argument, self.names_, self.integer_names_)


def _fit_together(arrays):
    """Whether the common type that NumPy chooses represents the numbers of all arrays."""
    common = np.result_type(*arrays)
    return all(array.astype(common).tolist() == array.tolist() for array in arrays)


def position_of(label, argument, names, integer_names):
    """Position of a label among `names`; see :meth:`LabelCodes.index`."""
    name = str(label) if integer_names and is_integer(label) else label
    if isinstance(name, str) and name in names:
        return names.index(name)
    known = f"one of {names}" if len(names) > 1 else repr(names[0])
    if not integer_names:
        if is_integer(label) and 0 <= label < len(names):
            return int(label)
        positions = f"a position from 0 to {len(names) - 1}" if len(names) > 1 else "0"
        known += f", or {positions}"
    raise ValueError(f"{argument}: {label!r} is not a label. Pass {known}.")


def cell_accuracy(predicted, codes, weight):
    """Weighted fraction of the labelled cells that are predicted correctly.

    Parameters
    ----------
    predicted, codes : ndarray of int (n, L)
        Codes; cells of `codes` that are -1 are not labelled, and not counted.
    weight : ndarray (n,)
        Weight of each sample.

    Raises
    ------
    ValueError
        If no sample of positive weight is labelled.
    """
    observed = codes >= 0
    weights = observed * weight[:, None]
    total = weights.sum()
    if not total > 0:
        raise ValueError(
            "score needs at least one labelled sample of positive weight, but every cell "
            "of y is unlabelled or has a weight of zero."
        )
    return float((weights * (predicted == codes)).sum() / total)
