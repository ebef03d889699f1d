"""Cross-validation folds of the labelled samples."""

from typing import Literal

import numpy as np
from sklearn.model_selection import StratifiedKFold
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import StrOptions, validate_parameter_constraints

from sklearn_revae._typing import RandomState
from sklearn_revae.model_selection._splitter import LabeledSplitter
from sklearn_revae.model_selection._stratify import shuffled, stratify


class LabeledKFold(LabeledSplitter):
    """K-fold cross-validator whose test sets contain only labelled samples.

    The labelled samples are split into `n_splits` folds. They are stratified, which
    preserves the fraction of each class, unless y holds numbers. Each fold is a test set
    once. Samples without any label
    cannot be scored, so by default they are in no test set, but in every training set.

    .. versionadded:: 0.2

    Parameters
    ----------
    n_splits : int, default=5
        Number of folds. Must be at least 2.
    unlabeled : {"train", "split", "drop"}, default="train"
        Where samples without any label are: in every training set ("train"), in folds
        like all other samples ("split"), or nowhere ("drop"). Use "split" for
        :func:`sklearn.model_selection.cross_val_predict`, which requires each sample to
        be in one test set; score such folds with :func:`labeled_scorer`. Use "drop" to
        evaluate a purely supervised classifier on the same test sets.
    shuffle : bool, default=False
        Whether to shuffle the labelled samples before they are split into folds.
    random_state : int, RandomState instance or None, default=None
        Determines the shuffling if `shuffle` is True. Pass an int for reproducible output
        across multiple calls.
    unlabeled_value : int, float, str or None, default=-1
        Value that marks an entry of y as unlabelled, besides None and NaN. It must be the
        `unlabeled_value` of the estimator. Ignored if `numeric` is True.
    numeric : bool, default=False
        Whether y holds numbers, as for :class:`~sklearn_revae.ReVAERegressor`. Then only
        None and NaN mark unlabelled entries, and the folds are not stratified.

    Raises
    ------
    ValueError
        If a parameter has an invalid value, or `random_state` is given without `shuffle`.
    TypeError
        If `shuffle` is not a bool.

    See Also
    --------
    LabeledShuffleSplit : Random test sets of labelled samples.
    labeled_scorer : Make a scorer that ignores unlabelled samples.
    sklearn.model_selection.StratifiedKFold : Treats -1 as an additional class.

    Notes
    -----
    A single label is stratified by scikit-learn's StratifiedKFold. Several labels, and
    groups, are stratified by iterative stratification [1]_, which distributes the samples
    of the rarest class first.

    `groups` is passed on by scikit-learn's metadata routing without a request.

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
    >>> folds = LabeledKFold(2, unlabeled="split")
    >>> for train, test in folds.split(np.zeros((6, 1)), y):
    ...     print(train, test)
    [3 4 5] [0 1 2]
    [0 1 2] [3 4 5]
    """

    def __init__(
        self,
        n_splits: int = 5,
        *,
        unlabeled: Literal["train", "split", "drop"] = "train",
        shuffle: bool = False,
        random_state: RandomState = None,
        unlabeled_value: object = -1,
        numeric: bool = False,
    ) -> None:
        # scikit-learn's splitters check their parameters in __init__, and this one's
        # errors apply here too.
        StratifiedKFold(n_splits, shuffle=shuffle, random_state=random_state)
        validate_parameter_constraints(
            {
                "unlabeled": [StrOptions({"train", "split", "drop"})],
                "numeric": ["boolean"],
            },
            {"unlabeled": unlabeled, "numeric": numeric},
            caller_name=type(self).__name__,
        )
        self.n_splits = n_splits
        self.unlabeled = unlabeled
        self.shuffle = shuffle
        self.random_state = random_state
        self.unlabeled_value = unlabeled_value
        self.numeric = numeric

    @property
    def _n_folds(self):
        return self.n_splits

    def _test_sets(self, codes, group, grouped):
        if codes.shape[1] == 1 and not grouped:
            # StackingClassifier sets `random_state` whether or not there is shuffling.
            random_state = self.random_state if self.shuffle else None
            folds = StratifiedKFold(
                self.n_splits, shuffle=self.shuffle, random_state=random_state
            )
            yield from (test for _, test in folds.split(codes, codes[:, 0]))
            return
        self._warn_of_rare(codes, group, grouped)
        if self.shuffle:
            group = shuffled(group, check_random_state(self.random_state))
        fold = stratify(codes, group, self.n_splits)
        for number in range(self.n_splits):
            yield np.flatnonzero(fold == number)
