"""Cross-validation folds of the labelled samples."""

from collections.abc import Iterator
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import BaseCrossValidator, StratifiedKFold
from sklearn.utils import check_consistent_length, check_random_state
from sklearn.utils._param_validation import StrOptions, validate_parameter_constraints

from sklearn_revae._data.labels import LabelCodes
from sklearn_revae._typing import Labels, RandomState, Rows


class LabeledKFold(BaseCrossValidator):
    """K-fold cross-validator whose test sets contain only labelled samples.

    The labelled samples are split into `n_splits` stratified folds, which preserve the
    fraction of each class. Each fold is a test set once. Samples without any label
    cannot be scored, so they are in no test set, but by default in every training set.

    .. versionadded:: 0.2

    Parameters
    ----------
    n_splits : int, default=5
        Number of folds. Must be at least 2.
    unlabeled : {"train", "drop"}, default="train"
        Whether samples without any label are in every training set ("train") or in none
        ("drop"). Use "drop" to evaluate a purely supervised classifier on the same test
        sets.
    shuffle : bool, default=False
        Whether to shuffle the labelled samples before they are split into folds.
    random_state : int, RandomState instance or None, default=None
        Determines the shuffling if `shuffle` is True. Pass an int for reproducible output
        across multiple calls.
    unlabeled_value : object, default=-1
        Value that marks an entry of y as unlabelled, besides None and NaN. It must be the
        `unlabeled_value` of the estimator.

    Raises
    ------
    ValueError
        If a parameter has an invalid value, or `random_state` is given without `shuffle`.
    TypeError
        If `shuffle` is not a bool.

    See Also
    --------
    labeled_scorer : Make a scorer that ignores unlabelled samples.
    sklearn.model_selection.StratifiedKFold : Treats -1 as an additional class.

    Notes
    -----
    A single label is stratified by scikit-learn's StratifiedKFold. Several labels are
    stratified by iterative stratification [1]_, which distributes the samples of the
    rarest class first.

    References
    ----------
    .. [1] K. Sechidis, G. Tsoumakas, I. Vlahavas, "On the Stratification of Multi-Label
       Data", ECML PKDD 2011.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_revae.model_selection import LabeledKFold
    >>> y = np.array([0, -1, 1, -1, 0, 1])
    >>> for train, test in LabeledKFold(2).split(np.zeros((6, 1)), y):
    ...     print(train, test)
    [1 3 4 5] [0 2]
    [0 1 2 3] [4 5]
    """

    def __init__(
        self,
        n_splits: int = 5,
        *,
        unlabeled: Literal["train", "drop"] = "train",
        shuffle: bool = False,
        random_state: RandomState = None,
        unlabeled_value: object = -1,
    ) -> None:
        # scikit-learn's splitters check their parameters in __init__, and this one's
        # errors apply here too.
        StratifiedKFold(n_splits, shuffle=shuffle, random_state=random_state)
        validate_parameter_constraints(
            {"unlabeled": [StrOptions({"train", "drop"})]},
            {"unlabeled": unlabeled},
            caller_name=type(self).__name__,
        )
        self.n_splits = n_splits
        self.unlabeled = unlabeled
        self.shuffle = shuffle
        self.random_state = random_state
        self.unlabeled_value = unlabeled_value

    def get_n_splits(
        self, X: object = None, y: object = None, groups: object = None
    ) -> int:
        """Return the number of folds.

        .. versionadded:: 0.2

        Parameters
        ----------
        X, y, groups : object, default=None
            Ignored, present for compatibility with scikit-learn's splitters.

        Returns
        -------
        n_splits : int
            Number of folds.

        Examples
        --------
        >>> from sklearn_revae.model_selection import LabeledKFold
        >>> LabeledKFold(3).get_n_splits()
        3
        """
        return self.n_splits

    def split(
        self, X: Rows, y: Labels, groups: object = None
    ) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
        """Generate the indices of the training and the test set of each fold.

        .. versionadded:: 0.2

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Samples. Only their number is used.
        y : array-like of shape (n_samples,) or (n_samples, n_labels)
            Labels, as in `fit` of the estimators. With several labels, a sample counts as
            labelled if any of its labels is observed.
        groups : object, default=None
            Ignored, present for compatibility with scikit-learn's splitters.

        Yields
        ------
        train : ndarray of int
            Indices of the training samples, in ascending order.
        test : ndarray of int
            Indices of the test samples, in ascending order. All of them are labelled.

        Raises
        ------
        ValueError
            If y is None, has another length than X, or has fewer labelled samples than
            there are folds.

        Examples
        --------
        >>> from sklearn_revae.model_selection import LabeledKFold
        >>> y = [[0, None], [1, 0], [None, None], [None, 1]]
        >>> folds = LabeledKFold(3).split([[0]] * 4, y)
        >>> [test.tolist() for _, test in folds]
        [[0], [1], [3]]
        """
        if y is None:
            raise ValueError("y=None, but LabeledKFold requires the labels: pass y.")
        check_consistent_length(X, y)
        codes = LabelCodes(self.unlabeled_value).fit(y).encode(y)
        labeled = np.flatnonzero((codes >= 0).any(axis=1))
        if len(labeled) < self.n_splits:
            raise ValueError(
                f"n_splits={self.n_splits} requires at least as many labelled samples, "
                f"but y has {len(labeled)}: label more samples or use fewer folds."
            )
        pool = labeled if self.unlabeled == "drop" else np.arange(len(codes))
        for fold in self._folds(codes[labeled]):
            test = labeled[fold]
            yield np.setdiff1d(pool, test, assume_unique=True), test

    def _folds(self, codes):
        """Split labelled samples with codes (n, L): indices (n_fold,) of each fold."""
        if codes.shape[1] == 1:
            splitter = StratifiedKFold(
                self.n_splits, shuffle=self.shuffle, random_state=self.random_state
            )
            return [test for _, test in splitter.split(codes, codes[:, 0])]
        order = np.arange(len(codes))
        if self.shuffle:
            check_random_state(self.random_state).shuffle(order)
        fold = np.empty(len(codes), dtype=np.int64)
        fold[order] = _stratify(codes[order], self.n_splits)
        return [np.flatnonzero(fold == number) for number in range(self.n_splits)]


def _stratify(codes, n_folds):
    """Assign samples with codes (n, L) to folds (n,) by iterative stratification."""
    # Column j says which samples have the j-th pair of a label and one of its classes.
    has_class = np.hstack([column[:, None] == _classes(column) for column in codes.T])
    desired_samples = np.full(n_folds, len(codes) / n_folds)
    desired_of_class = np.tile(has_class.sum(axis=0) / n_folds, (n_folds, 1))
    fold = np.full(len(codes), -1)
    while (fold < 0).any():
        remaining = has_class[fold < 0].sum(axis=0)
        rarest = np.argmin(np.where(remaining > 0, remaining, np.inf))
        for sample in np.flatnonzero((fold < 0) & has_class[:, rarest]):
            # The fold that lacks most samples of this class, then most samples at all.
            chosen = np.lexsort((-desired_samples, -desired_of_class[:, rarest]))[0]
            fold[sample] = chosen
            desired_of_class[chosen, has_class[sample]] -= 1
            desired_samples[chosen] -= 1
    return fold


def _classes(column):
    return np.unique(column[column >= 0])
