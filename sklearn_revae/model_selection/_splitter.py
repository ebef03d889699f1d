"""What the splitters share: which samples are tested, and which are trained on."""

from abc import abstractmethod
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.model_selection import BaseCrossValidator
from sklearn.utils import check_consistent_length, column_or_1d

from sklearn_revae._typing import Labels, Rows
from sklearn_revae._warning import warn_user
from sklearn_revae.model_selection._targets import codes_of


class LabeledSplitter(BaseCrossValidator):
    """Base of the splitters; a subclass says which labelled samples are tested."""

    # scikit-learn's metadata routing passes `groups` on without a request of the user.
    __metadata_request__split = {"groups": True}

    n_splits: int
    unlabeled: str
    unlabeled_value: object
    numeric: bool

    def get_n_splits(
        self, X: object = None, y: object = None, groups: object = None
    ) -> int:
        """Return the number of splits.

        .. versionadded:: 0.2

        Parameters
        ----------
        X, y, groups : object, default=None
            Ignored, present for compatibility with scikit-learn's splitters.

        Returns
        -------
        n_splits : int
            Number of splits.

        Examples
        --------
        >>> from sklearn_revae.model_selection import LabeledKFold
        >>> LabeledKFold(3).get_n_splits()
        3
        """
        return self.n_splits

    def split(
        self, X: Rows, y: Labels, groups: ArrayLike | None = None
    ) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
        """Generate the indices of the training and the test set of each split.

        .. versionadded:: 0.2

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Samples. Only their number is used.
        y : array-like of shape (n_samples,) or (n_samples, n_labels)
            Labels, as in `fit` of the estimators. With several labels, a sample counts as
            labelled if any of its labels is observed.
        groups : array-like of shape (n_samples,), default=None
            Group of each sample, labelled or not, for example the patient it was taken
            from. A group is never in the training set and the test set of the same split.

        Yields
        ------
        train : ndarray of int
            Indices of the training samples, in ascending order.
        test : ndarray of int
            Indices of the test samples, in ascending order.

        Raises
        ------
        ValueError
            If y is None, X, y and `groups` differ in length, y holds continuous numbers
            but `numeric` is False, or there are fewer labelled samples, or groups with
            labelled samples, than folds.

        Warns
        -----
        UserWarning
            If only a single sample, or group, is labelled with a class, so that splits
            that test on it train without the class.

        Examples
        --------
        >>> from sklearn_revae.model_selection import LabeledKFold
        >>> y = [[0, None], [1, 0], [None, None], [None, 1]]
        >>> folds = LabeledKFold(3).split([[0]] * 4, y)
        >>> [test.tolist() for _, test in folds]
        [[0], [1], [3]]
        """
        if y is None:
            raise ValueError(
                f"y=None, but {type(self).__name__} requires the labels: pass y."
            )
        check_consistent_length(X, y, groups)
        codes = self._codes(y)
        labeled = (codes >= 0).any(axis=1)
        # Without groups, each sample is a group of its own.
        group = np.arange(len(codes))
        if groups is not None:
            _, group = np.unique(column_or_1d(groups), return_inverse=True)
        self._check_enough(labeled, group, groups is not None)
        pool = labeled if self.unlabeled == "drop" else np.ones(len(codes), dtype=bool)
        unlabeled_groups = np.setdiff1d(group, group[labeled])
        tests = self._test_sets(codes[labeled], group[labeled], groups is not None)
        for number, test in enumerate(tests):
            tested_groups = np.unique(group[labeled][test])
            tested = np.zeros(len(codes), dtype=bool)
            tested[np.flatnonzero(labeled)[test]] = True
            if self.unlabeled == "split":
                others = unlabeled_groups[number :: self._n_folds]
                tested_groups = np.append(tested_groups, others)
                tested = np.isin(group, tested_groups)
            trained = pool & ~np.isin(group, tested_groups)
            yield np.flatnonzero(trained), np.flatnonzero(tested)

    def _codes(self, y):
        try:
            return codes_of(y, self.unlabeled_value, self.numeric)
        except ValueError as error:
            if "continuous" not in str(error):
                raise
            raise ValueError(
                f"y holds continuous numbers, but {type(self).__name__} expects classes. "
                "For the target of a regression, pass numeric=True."
            ) from error

    def _check_enough(self, labeled, group, grouped):
        """Raise if there are fewer labelled samples, or groups of them, than folds."""
        n_groups = len(np.unique(group[labeled]))
        if n_groups < self._n_folds:
            what = "groups with labelled samples" if grouped else "labelled samples"
            raise ValueError(
                f"{type(self).__name__} splits the labelled samples into {self._n_folds} "
                f"folds, which requires at least as many {what}, but there are "
                f"{n_groups}: label more samples or use fewer folds."
            )

    def _warn_of_rare(self, codes, group, grouped):
        """Warn of classes of labelled samples (n, L) that only one group (n,) has."""
        if self.numeric:
            return
        n_rare = sum(
            len(np.unique(group[column == code])) == 1
            for column in codes.T
            for code in np.unique(column[column >= 0])
        )
        if n_rare:
            where = "group" if grouped else "sample"
            warn_user(
                f"The number of classes in y that only a single {where} has is {n_rare}. "
                "Splits that test on it train without the class. Label more samples of "
                "these classes."
            )

    @property
    @abstractmethod
    def _n_folds(self) -> int:
        """Number of folds that the labelled samples are split into."""

    @abstractmethod
    def _test_sets(self, codes, group, grouped) -> Iterator[NDArray[Any]]:
        """Indices of the test set of each split, among the labelled samples.

        Parameters
        ----------
        codes : ndarray of int (n_labelled, L)
            Class of each label, or 0 if it is a number; -1 where it is not observed.
        group : ndarray of int (n_labelled,)
            Group of each sample.
        grouped : bool
            Whether the user passed groups.
        """
