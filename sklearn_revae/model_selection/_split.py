"""Folds of labelled rows."""

from collections.abc import Iterator
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import BaseCrossValidator, StratifiedKFold
from sklearn.utils import check_consistent_length, check_random_state

from sklearn_revae._data.labels import LabelCodes
from sklearn_revae._typing import Labels, RandomState, Rows


class LabeledKFold(BaseCrossValidator):
    """K folds of the labelled rows; rows without a label are there to learn from.

    Each labelled row is tested once. The folds are stratified: each has its share of
    every value. A row without any label is in no test fold, where it could tell nothing,
    but in every training set.

    .. versionadded:: 0.2

    Parameters
    ----------
    n_splits : int, default=5
        Number of folds, at least 2.
    unlabeled : {"train", "drop"}, default="train"
        Whether rows without a label are in every training set, or nowhere. "drop" gives
        a classifier that cannot use them the same folds to be compared on.
    shuffle : bool, default=False
        Whether to shuffle the labelled rows first.
    random_state : int, RandomState instance or None, default=None
        Decides the shuffling.
    unlabeled_value : object, default=-1
        What marks a cell without a label, beside None and NaN; the same as the
        estimator's `unlabeled_value`.

    Raises
    ------
    ValueError
        For parameters out of range, and a `random_state` without `shuffle`.

    See Also
    --------
    labeled_scorer : A metric over the known cells alone.
    sklearn.model_selection.StratifiedKFold : Takes -1 for one more class.

    Notes
    -----
    One label is stratified by scikit-learn's StratifiedKFold; of several labels the
    rarest value is dealt out first [1]_.

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
        # Splitters check what they are given here; this one says what is wrong with it.
        StratifiedKFold(n_splits, shuffle=shuffle, random_state=random_state)
        if unlabeled not in ("train", "drop"):
            raise ValueError(f"unlabeled={unlabeled!r} is neither 'train' nor 'drop'.")
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
            Ignored; there because scikit-learn's splitters have them.

        Returns
        -------
        n_splits : int
            The number of folds.

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
        """Positions of the rows to learn from and of those to test on, fold by fold.

        .. versionadded:: 0.2

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows; only their number is looked at.
        y : array-like of shape (n_samples,) or (n_samples, n_labels)
            Labels as the estimators take them. With several, a row counts as labelled
            if any of its cells is known.
        groups : object, default=None
            Ignored; there because scikit-learn's splitters have it.

        Yields
        ------
        train : ndarray of int
            Positions of the rows to learn from, ascending.
        test : ndarray of int
            Positions of the rows to test on, ascending; all of them labelled.

        Raises
        ------
        ValueError
            If y is None, or has fewer labelled rows than there are folds.

        Examples
        --------
        >>> from sklearn_revae.model_selection import LabeledKFold
        >>> y = [[0, None], [1, 0], [None, None], [None, 1]]
        >>> folds = LabeledKFold(3).split([[0]] * 4, y)
        >>> [test.tolist() for _, test in folds]
        [[0], [1], [3]]
        """
        if y is None:
            raise ValueError("y=None: LabeledKFold needs the labels to split by.")
        check_consistent_length(X, y)
        codes = LabelCodes(self.unlabeled_value).fit(y).encode(y)
        labeled = np.flatnonzero((codes >= 0).any(axis=1))
        if len(labeled) < self.n_splits:
            raise ValueError(
                f"n_splits={self.n_splits}, but y has {len(labeled)} labelled row(s): "
                "label more, or ask for fewer folds."
            )
        pool = labeled if self.unlabeled == "drop" else np.arange(len(codes))
        for chosen in self._folds(codes[labeled]):
            test = labeled[chosen]
            yield np.setdiff1d(pool, test, assume_unique=True), test

    def _folds(self, codes):
        """Positions (n_fold,) of each fold's rows, of codes (n, L) of labelled rows."""
        if codes.shape[1] == 1:
            splitter = StratifiedKFold(
                self.n_splits, shuffle=self.shuffle, random_state=self.random_state
            )
            return [test for _, test in splitter.split(codes, codes[:, 0])]
        order = np.arange(len(codes))
        if self.shuffle:
            check_random_state(self.random_state).shuffle(order)
        fold = np.empty(len(codes), dtype=np.int64)
        fold[order] = _deal(codes[order], self.n_splits)
        return [np.flatnonzero(fold == number) for number in range(self.n_splits)]


def _deal(codes, n_folds):
    """Fold (n,) of each row of codes (n, L), the rarest values dealt out first."""
    # (n, pairs of a label and a value), all that are there.
    has = np.hstack([column[:, None] == _values(column) for column in codes.T])
    wanted_rows = np.full(n_folds, len(codes) / n_folds)
    wanted = np.tile(has.sum(axis=0) / n_folds, (n_folds, 1))
    fold = np.full(len(codes), -1)
    while (fold < 0).any():
        left = has[fold < 0].sum(axis=0)
        rarest = np.argmin(np.where(left > 0, left, np.inf))
        for row in np.flatnonzero((fold < 0) & has[:, rarest]):
            # The fold that lacks most of this value, then most rows.
            chosen = np.lexsort((-wanted_rows, -wanted[:, rarest]))[0]
            fold[row] = chosen
            wanted[chosen, has[row]] -= 1
            wanted_rows[chosen] -= 1
    return fold


def _values(column):
    return np.unique(column[column >= 0])
