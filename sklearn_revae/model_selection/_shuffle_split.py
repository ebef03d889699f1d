"""Random test sets of the labelled samples."""

from numbers import Integral, Real
from typing import Literal

import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import (
    Interval,
    StrOptions,
    validate_parameter_constraints,
)

from sklearn_revae._typing import RandomState
from sklearn_revae.model_selection._splitter import LabeledSplitter
from sklearn_revae.model_selection._stratify import shuffled, stratify


class LabeledShuffleSplit(LabeledSplitter):
    """Random cross-validator whose test sets contain only labelled samples.

    Each split tests on another random, stratified subset of the labelled samples, so
    that the number of splits does not depend on the size of the test sets. With few
    labels, many splits make a mean score less noisy than a single cross-validation does.

    .. versionadded:: 0.2

    Parameters
    ----------
    n_splits : int, default=10
        Number of splits.
    test_size : float, default=0.2
        Fraction of the labelled samples in the test set, in (0, 0.5]. The labelled
        samples are split into ``round(1 / test_size)`` stratified folds, and one of them
        is the test set, so 0.3 is treated as 1/3.
    unlabeled : {"train", "drop"}, default="train"
        Whether samples without any label are in every training set ("train") or in none
        ("drop").
    random_state : int, RandomState instance or None, default=None
        Determines the test sets. Pass an int for reproducible output across multiple
        calls.
    unlabeled_value : int, float, str or None, default=-1
        Value that marks an entry of y as unlabelled, besides None and NaN. It must be the
        `unlabeled_value` of the estimator. Ignored if `numeric` is True.
    numeric : bool, default=False
        Whether y holds numbers, as for :class:`~sklearn_revae.ReVAERegressor`. Then only
        None and NaN mark unlabelled entries, and the folds are not stratified.

    Raises
    ------
    ValueError
        If a parameter has an invalid value.

    See Also
    --------
    LabeledKFold : Tests on each labelled sample once.
    labeled_scorer : Make a scorer that ignores unlabelled samples.

    Notes
    -----
    The folds are made by iterative stratification, see :class:`LabeledKFold`. If `groups`
    are passed to :meth:`split`, a group is never in the training set and the test set of
    the same split.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_revae.model_selection import LabeledShuffleSplit
    >>> y = np.array([0, -1, 1, -1, 0, 1])
    >>> splits = LabeledShuffleSplit(2, test_size=0.5, random_state=0)
    >>> for train, test in splits.split(np.zeros((6, 1)), y):
    ...     print(train, test)
    [1 3 4 5] [0 2]
    [0 1 2 3] [4 5]
    """

    def __init__(
        self,
        n_splits: int = 10,
        *,
        test_size: float = 0.2,
        unlabeled: Literal["train", "drop"] = "train",
        random_state: RandomState = None,
        unlabeled_value: object = -1,
        numeric: bool = False,
    ) -> None:
        self.n_splits = n_splits
        self.test_size = test_size
        self.unlabeled = unlabeled
        self.random_state = random_state
        self.unlabeled_value = unlabeled_value
        self.numeric = numeric
        validate_parameter_constraints(
            {
                "n_splits": [Interval(Integral, 1, None, closed="left")],
                "test_size": [Interval(Real, 0, 0.5, closed="right")],
                "unlabeled": [StrOptions({"train", "drop"})],
                "numeric": ["boolean"],
            },
            {
                "n_splits": n_splits,
                "test_size": test_size,
                "unlabeled": unlabeled,
                "numeric": numeric,
            },
            caller_name=type(self).__name__,
        )

    @property
    def _n_folds(self):
        return round(1 / self.test_size)

    def _test_sets(self, codes, group, grouped):
        self._warn_of_rare(codes, group, grouped)
        random = check_random_state(self.random_state)
        for _ in range(self.n_splits):
            fold = stratify(codes, shuffled(group, random), self._n_folds)
            # Folds of unequal size come in a fixed order, so the first is not random.
            yield np.flatnonzero(fold == random.randint(self._n_folds))
