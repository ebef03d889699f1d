"""Labels that are known in part: class probabilities, or a set of classes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_array

from sklearn_revae._data.missing import is_missing
from sklearn_revae._typing import ArrayLike, Frame

# The class frequencies of samples with several possible classes change by less after so
# many steps of expectation maximisation.
_N_STEPS = 100


@dataclass(frozen=True)
class SoftLabel:
    """What is known about the class of one sample: an entry of y.

    Parameters
    ----------
    classes : tuple
        The classes, the same for all samples.
    likelihood : tuple of float
        The likelihood of each class. The largest is 1.
    """

    classes: tuple[Any, ...]
    likelihood: tuple[float, ...]

    @property
    def possible(self):
        """The classes of positive likelihood, a list."""
        pairs = zip(self.classes, self.likelihood, strict=True)
        return [value for value, number in pairs if number > 0]

    @property
    def certain(self):
        """Whether a single class is possible."""
        return len(self.possible) == 1


def soft_labels(
    probabilities: ArrayLike | Frame, classes: Sequence[Any] | NDArray[Any] | None = None
) -> NDArray[Any]:
    r"""Make a y of class probabilities, or of sets of possible classes.

    The estimators treat an array of shape (n_samples, n_classes) as several labels. This
    function turns it into one label that is known in part: *soft labels*, such as the
    votes of annotators, or *coarse labels* [1]_, such as "cat or dog".

    .. versionadded:: 0.2

    Parameters
    ----------
    probabilities : array-like of shape (n_samples, n_classes)
        For each sample, a non-negative number for each class; only their ratios within a
        sample matter. For coarse labels, 1 for the classes that are possible and 0 for
        the others. A sample is fully labelled if one number is positive, and unlabelled
        if all are equal or all are NaN.
    classes : array-like of shape (n_classes,), default=None
        The classes. If None, the column names of a DataFrame, otherwise 0, 1, ... If the
        `unlabeled_value` of the estimator, -1 by default, is one of them, set
        ``unlabeled_value=None``.

    Returns
    -------
    y : ndarray of object of shape (n_samples,)
        One entry for each sample, None where it is unlabelled. Pass it as y to
        :class:`ReVAEClassifier` or :class:`ReVAETransformer`; it can be indexed, split
        and stacked with other labels like any array.

    Raises
    ------
    ValueError
        If `probabilities` is not two-dimensional with at least two columns, holds a
        negative or infinite number, or a sample has only zeros or some NaN; or if
        `classes` differs in length, has duplicates, contains None or NaN, or mixes
        strings with other values.

    See Also
    --------
    ReVAEClassifier : Learns from soft, coarse and ordinary labels.

    Notes
    -----
    The numbers :math:`\pi_k` of a sample are the likelihood of its class: the
    probability, up to a factor, that the annotators would say what they said if the class
    were k. In the objective, the sum over the classes takes the place of the observed
    class,

    .. math::

        q(y_O|z) = \sum_k \pi_k \, q(y = k|z), \qquad
        p(z, y_O) = \sum_k \pi_k \, p(y = k) \, p(z|y = k)

    where q(y|z) is the classifier, p(z|y) the conditional prior and p(y) the class
    frequencies. Both are exact, and the same as for an ordinary label if one
    :math:`\pi_k` is positive. Training therefore moves the prediction for a sample
    towards its most likely class, and not towards :math:`\pi`: several samples decide
    together which of their possible classes explains them.

    Such samples are used for training, and enter the class frequencies by their expected
    class. Scores and the test sets of
    :class:`~sklearn_revae.model_selection.LabeledKFold` use fully labelled samples only,
    and `class_weight` applies to these.

    References
    ----------
    .. [1] T. Cour, B. Sapp, B. Taskar, "Learning from Partial Labels", Journal of Machine
       Learning Research 12, 2011.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import load_iris
    >>> from sklearn_revae import ReVAEClassifier, soft_labels
    >>> X, y = load_iris(return_X_y=True)
    >>> possible = np.ones((150, 3))  # unlabelled
    >>> possible[::5, 0] = y[::5] == 0  # every fifth flower is setosa, or it is not
    >>> possible[::5, 1:] = y[::5, None] != 0
    >>> possible[::25] = np.eye(3)[y[::25]]  # some are known exactly
    >>> model = ReVAEClassifier(max_iter=20, random_state=0)
    >>> model.fit(X, soft_labels(possible)).score(X, y) > 0.7
    True
    """
    try:
        numbers = check_array(
            probabilities, dtype=np.float64, ensure_all_finite=False, ensure_min_samples=0
        )
    except (TypeError, ValueError) as error:
        raise ValueError(
            "probabilities must be an array of numbers of shape (n_samples, n_classes): "
            f"{error}"
        ) from error
    names = _classes_of(probabilities, classes, numbers.shape[1])
    unknown = np.isnan(numbers).all(axis=1)
    known = numbers[~unknown]
    if not np.isfinite(known).all() or (known < 0).any() or not known.any(axis=1).all():
        bad = ~np.isfinite(known).all(axis=1) | (known < 0).any(axis=1)
        bad |= ~known.any(axis=1)
        place = int(np.flatnonzero(~unknown)[np.argmax(bad)])
        raise ValueError(
            "probabilities must be finite numbers >= 0, at least one of them positive in "
            f"each sample, but those of sample {place} are {numbers[place].tolist()}. "
            "Write NaN for all classes, or the same number, if a sample is not labelled."
        )
    y = np.full(len(numbers), None, dtype=object)
    for sample in np.flatnonzero(~unknown):
        likelihood = numbers[sample] / numbers[sample].max()
        if likelihood.min() < 1:
            y[sample] = SoftLabel(names, tuple(likelihood.tolist()))
    return y


def _classes_of(probabilities, classes, n_columns):
    """The classes of the columns, a tuple."""
    if classes is None:
        columns = getattr(probabilities, "columns", None)
        classes = range(n_columns) if columns is None else list(columns)
    names = tuple(np.asarray(classes).tolist())
    # NumPy would turn NaN beside strings into a string.
    if any(map(is_missing, classes)):
        raise ValueError(
            f"classes are {list(classes)}, but None and NaN mark samples that are not "
            "labelled and cannot be classes. Give each column a class of its own."
        )
    if len({isinstance(name, str) for name in classes}) > 1:
        raise ValueError(
            f"classes are {list(classes)}, both strings and other values, but the "
            "classes of a label have to be of one kind. Write all of them as strings, or "
            "all as numbers."
        )
    if n_columns < 2 or len(names) != n_columns or len(set(names)) < n_columns:
        raise ValueError(
            "probabilities must have a column for each of at least two different "
            f"classes, but it has {n_columns} column(s), and classes are {list(names)}."
        )
    return names


def resolve(column):
    """Replace the entries of one label that are soft, if a single class is possible.

    Returns
    -------
    column : ndarray (n,)
        With None where several classes are possible.
    soft : dict of int to SoftLabel
        The soft entries, certain or not, by their position.
    """
    if column.dtype.kind != "O":
        return column, {}
    soft = {i: cell for i, cell in enumerate(column) if isinstance(cell, SoftLabel)}
    if soft:
        column = column.copy()
        for place, cell in soft.items():
            column[place] = cell.possible[0] if cell.certain else None
    return column, soft


def add_evidence(evidence, soft, positions, width):
    """Return the code of each entry with several possible classes, by its position.

    Parameters
    ----------
    evidence : dict of tuple to int
        The likelihood of all classes for each code; new ones are added. Codes count down
        from -2.
    soft : dict of int to SoftLabel
        The entries.
    positions : dict
        The position of each class.
    width : int
        Length of the likelihood.
    """
    codes = {}
    for place, cell in soft.items():
        if cell.certain:
            continue
        likelihood = [0.0] * width
        for value, number in zip(cell.classes, cell.likelihood, strict=True):
            if number > 0 and value in positions:
                likelihood[positions[value]] = number
        codes[place] = evidence.setdefault(tuple(likelihood), -2 - len(evidence))
    return codes


def expected_counts(codes, weight, evidence, counts):
    """Expected weight of each class among samples with several possible classes.

    It is computed by expectation maximisation of the class frequencies.

    Parameters
    ----------
    codes : ndarray of int (n,)
        Codes of one label; those below -1 are -2 minus a row of `evidence`.
    weight : ndarray (n,)
        Weight of each sample.
    evidence : ndarray (R, n_classes)
        Likelihoods of the classes.
    counts : ndarray (n_classes,)
        Total weight of the samples of a known class.
    """
    soft, expected = codes < -1, np.zeros(len(counts))
    if not soft.any():
        return expected
    total = np.bincount(-2 - codes[soft], weight[soft], minlength=len(evidence))
    used, total = evidence[total > 0], total[total > 0]
    for _ in range(_N_STEPS):
        posterior = used * (counts + expected + 1.0)
        expected = total @ (posterior / posterior.sum(axis=1, keepdims=True))
    return expected
