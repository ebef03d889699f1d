"""Metrics over the known cells alone."""

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.metrics import get_scorer
from sklearn.utils import _safe_indexing, check_consistent_length

from sklearn_revae._data.labels import LabelCodes
from sklearn_revae._typing import Labels, Rows


def labeled_scorer(
    scoring: str | Callable[..., float], *, unlabeled_value: object = -1
) -> Callable[[Any, Rows, Labels], float]:
    """Scorer that leaves out what is not labelled, from a scorer that would count it.

    scikit-learn's own scorers take -1 for a class. For several labels the score is the
    mean over the labels, each over the rows where it is known.

    .. versionadded:: 0.2

    Parameters
    ----------
    scoring : str or callable
        A scorer of scikit-learn's by name, `"balanced_accuracy"` say, or as
        :func:`sklearn.metrics.make_scorer` returns it.
    unlabeled_value : object, default=-1
        What marks a cell without a label, beside None and NaN; the same as the
        estimator's `unlabeled_value`.

    Returns
    -------
    scorer : callable
        With the signature `scorer(estimator, X, y)`, for the `scoring` of
        scikit-learn's tools and for any classifier. It raises ValueError where no cell
        of y is known.

    Raises
    ------
    ValueError
        If scikit-learn has no scorer of that name.

    See Also
    --------
    LabeledKFold : Folds of the labelled rows.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn_revae.datasets import mask_labels
    >>> from sklearn_revae.model_selection import labeled_scorer
    >>> X, y = load_iris(return_X_y=True)
    >>> few = mask_labels(y, n_per_class=10, random_state=0)
    >>> model = LogisticRegression(max_iter=1000).fit(X, y)
    >>> model.score(X, few) < 0.2
    True
    >>> labeled_scorer("balanced_accuracy")(model, X, few) > 0.9
    True
    """
    return _LabeledScorer(get_scorer(scoring), unlabeled_value)


class _LabeledScorer:
    """A class and not a closure, so that other processes can be sent it."""

    def __init__(self, scorer, unlabeled_value):
        self._scorer = scorer
        self._unlabeled_value = unlabeled_value

    def __call__(self, estimator, X, y):
        """Score over the known cells."""
        check_consistent_length(X, y)
        labels = LabelCodes(self._unlabeled_value).fit(y)
        codes = labels.encode(y)
        scores = []
        for label, classes in enumerate(labels.classes_):
            known = np.flatnonzero(codes[:, label] >= 0)
            if len(known):
                asked = _OneLabel(estimator, label) if labels.several_ else estimator
                rows = _safe_indexing(X, known)
                scores.append(self._scorer(asked, rows, classes[codes[known, label]]))
        if not scores:
            raise ValueError(
                "y has no labelled row to score: every cell is marked as unlabelled. "
                "LabeledKFold makes folds of labelled rows."
            )
        return float(np.mean(scores))

    def __repr__(self):
        marker = self._unlabeled_value
        return f"labeled_scorer({self._scorer!r}, unlabeled_value={marker!r})"


class _OneLabel(ClassifierMixin, BaseEstimator):
    """A fitted classifier of several labels as one of a single label."""

    def __init__(self, estimator, label):
        self.estimator = estimator
        self.label = label

    @property
    def classes_(self):
        """Classes of the label."""
        return self.estimator.classes_[self.label]

    def predict(self, X):
        """Its most probable class (n,)."""
        column = self.estimator.predict(X)[:, self.label]
        # Of labels of several types predict makes objects, which no metric takes.
        return np.array(column.tolist())

    def predict_proba(self, X):
        """Its probabilities (n, n_classes)."""
        return self.estimator.predict_proba(X)[self.label]
