"""Scorers that use only the labelled entries of y."""

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
    """Make a scorer that ignores unlabelled samples from a scorer that would count them.

    scikit-learn's own scorers treat -1 as an additional class. For several labels, the
    score is the mean over the labels of the score on the samples where the label is
    observed. A label that is not observed in y at all is ignored.

    .. versionadded:: 0.2

    Parameters
    ----------
    scoring : str or callable
        Name of a scikit-learn scorer, such as `"balanced_accuracy"`, or a scorer made by
        :func:`sklearn.metrics.make_scorer`.
    unlabeled_value : object, default=-1
        Value that marks an entry of y as unlabelled, besides None and NaN. It must be the
        `unlabeled_value` of the estimator.

    Returns
    -------
    scorer : callable
        Scorer with the signature ``scorer(estimator, X, y)``, to pass as `scoring` to
        scikit-learn's model selection tools. It works with any classifier, and raises a
        ValueError if y has no labelled entry.

    Raises
    ------
    ValueError
        If `scoring` is not the name of a scikit-learn scorer.

    See Also
    --------
    LabeledKFold : Cross-validation folds of the labelled samples.

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
    """The scorer of `labeled_scorer`; a class, because closures cannot be pickled."""

    def __init__(self, scorer, unlabeled_value):
        self._scorer = scorer
        self._unlabeled_value = unlabeled_value

    def __call__(self, estimator, X, y):
        """Score the labelled entries of y."""
        check_consistent_length(X, y)
        labels = LabelCodes(self._unlabeled_value).fit(y)
        codes = labels.encode(y)
        scores = []
        for label, classes in enumerate(labels.classes_):
            observed = np.flatnonzero(codes[:, label] >= 0)
            if len(observed):
                classifier = _OneLabel(estimator, label) if labels.several_ else estimator
                y_true = classes[codes[observed, label]]
                scores.append(
                    self._scorer(classifier, _safe_indexing(X, observed), y_true)
                )
        if not scores:
            raise ValueError(
                "y has no labelled sample to score: all its entries are marked as "
                "unlabelled. Use LabeledKFold, whose test sets are labelled."
            )
        return float(np.mean(scores))

    def __repr__(self):
        marker = self._unlabeled_value
        return f"labeled_scorer({self._scorer!r}, unlabeled_value={marker!r})"


class _OneLabel(ClassifierMixin, BaseEstimator):
    """View of one label of a fitted classifier of several labels."""

    def __init__(self, estimator, label):
        self.estimator = estimator
        self.label = label

    @property
    def classes_(self):
        """Classes of the label."""
        return self.estimator.classes_[self.label]

    def predict(self, X):
        """Predict the most probable class (n,)."""
        column = self.estimator.predict(X)[:, self.label]
        # Labels of mixed types are predicted as objects, which metrics reject.
        return np.array(column.tolist())

    def predict_proba(self, X):
        """Class probabilities (n, n_classes)."""
        return self.estimator.predict_proba(X)[self.label]
