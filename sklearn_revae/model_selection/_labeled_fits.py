"""Fits whose labels are chosen, and their scores, for curves and comparisons."""

from numbers import Integral

import numpy as np
from sklearn.base import clone, is_regressor
from sklearn.metrics import check_scoring
from sklearn.model_selection import check_cv
from sklearn.utils import _safe_indexing, check_consistent_length, indexable
from sklearn.utils.parallel import Parallel, delayed

from sklearn_revae._data.marking import mark
from sklearn_revae._data.soft_labels import SoftLabel
from sklearn_revae._data.targets import as_array
from sklearn_revae.model_selection._k_fold import LabeledKFold
from sklearn_revae.model_selection._scorer import labeled_scorer
from sklearn_revae.model_selection._targets import (
    check_marker,
    codes_of,
    marker_for,
    require_y,
)


class LabeledFits:
    """Splits of partially labelled data, and fits to chosen samples and labels of them.

    Parameters
    ----------
    estimator, X, y, groups, cv, scoring, unlabeled_value
        As in :func:`~sklearn_revae.model_selection.unlabeled_gain`.

    Attributes
    ----------
    codes : ndarray of int (n, L)
        Classes, or 0 for numbers; -1 where not observed.
    soft : ndarray of bool, of the shape of y
        Entries of :func:`~sklearn_revae.soft_labels` with several possible classes. They
        are not labels that are chosen, and all fits keep them.
    splits : list of tuple of ndarray
        Indices of the training and the test set of each split.
    """

    def __init__(self, estimator, X, y, groups, cv, scoring, unlabeled_value):
        require_y(y, "This function")
        if not (scoring is None or callable(scoring) or isinstance(scoring, str)):
            raise ValueError(
                f"scoring={scoring!r} must be None, the name of a scorer, or a scorer."
            )
        check_consistent_length(X, y, groups)
        self.estimator = estimator
        self.X, self.y = indexable(X, as_array(y))
        self.marker = marker_for(estimator, unlabeled_value)
        numeric = is_regressor(estimator)
        check_marker(estimator, unlabeled_value)
        self.codes = codes_of(y, unlabeled_value, numeric)
        self.soft = np.array(
            [isinstance(cell, SoftLabel) and not cell.certain for cell in self.y.flat]
        ).reshape(self.y.shape)
        if cv is None or isinstance(cv, Integral):
            cv = LabeledKFold(
                5 if cv is None else cv, unlabeled_value=unlabeled_value, numeric=numeric
            )
        self.splits = list(check_cv(cv).split(X, y, groups))
        scorer = check_scoring(estimator, scoring)
        self.scorer = labeled_scorer(scorer, unlabeled_value=unlabeled_value)

    @property
    def labeled(self):
        """Mask (n,) of the samples with a label."""
        return (self.codes >= 0).any(axis=1)

    def run(self, requests, n_jobs):
        """Fit and score, in parallel.

        Parameters
        ----------
        requests : list of tuple
            For each fit: the estimator, the indices of the training samples, those of
            the samples that keep their label, and a list of indices of samples to score.
        n_jobs : int or None
            Number of parallel jobs.

        Returns
        -------
        scores : ndarray (n_requests, n_scored)
            The scores.
        """
        return np.array(Parallel(n_jobs=n_jobs)(delayed(self._run)(*r) for r in requests))

    def _run(self, estimator, train, kept, scored):
        observed = self.soft.copy()
        observed[kept] = True
        y_train = mark(self.y, observed, self.marker)[train]
        model = clone(estimator).fit(_safe_indexing(self.X, train), y_train)
        return [
            self.scorer(model, _safe_indexing(self.X, index), self.y[index])
            for index in scored
        ]
