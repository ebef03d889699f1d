"""Scorers that use only the labelled entries of y."""

import copy
import warnings
from collections.abc import Callable
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, is_regressor
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.metrics import check_scoring, get_scorer
from sklearn.utils import _safe_indexing, check_consistent_length
from sklearn.utils.metadata_routing import get_routing_for_object
from sklearn.utils.validation import _check_method_params

from sklearn_revae._data.targets import (
    check_names,
    check_unlabeled_value,
    of_own_type,
)
from sklearn_revae._typing import Labels, Rows
from sklearn_revae.model_selection._targets import (
    check_marker,
    holder_of,
    is_a_class,
    observed_entries,
)


def labeled_scorer(
    scoring: str | Callable[..., float], *, unlabeled_value: object = -1
) -> "LabeledScorer":
    """Make a scorer that ignores unlabelled samples from a scorer that would count them.

    scikit-learn's own scorers treat -1 as an additional class. For several labels, the
    score is the mean over the labels of the score on the samples where the label is
    observed. A label that is not observed in y at all is ignored. So is one that lacks a
    class in y, if the metric is not defined without it, and a warning names it.

    .. versionadded:: 0.2

    Parameters
    ----------
    scoring : str or callable
        Name of a scikit-learn scorer, such as `"balanced_accuracy"`, or a scorer made by
        :func:`sklearn.metrics.make_scorer`.
    unlabeled_value : int, float, str or None, default=-1
        Value that marks an entry of y as unlabelled, besides None and NaN. It must be the
        `unlabeled_value` of the estimator. For a regressor only None and NaN do.

    Returns
    -------
    scorer : callable
        Scorer with the signature ``scorer(estimator, X, y, **params)``, to pass as
        `scoring` to scikit-learn's model selection tools. It works with any classifier
        and regressor, and raises a ValueError if y has no labelled entry, or if the
        classifier was fitted to unlabelled entries as a class, has another
        `unlabeled_value`, or was fitted to other labels or to the labels in another
        order. A search turns such an error into NaN, unless its `error_score` is
        "raise". As for scikit-learn's scorers, the method `set_score_request` requests
        metadata such as `sample_weight`.

    Raises
    ------
    ValueError
        If `scoring` is not the name of a scikit-learn scorer, or is a metric such as
        :func:`sklearn.metrics.f1_score` rather than a scorer, or if `unlabeled_value`
        cannot be an entry of y.

    Warns
    -----
    UndefinedMetricWarning
        If one of several labels is left out of the mean, because the metric is not
        defined for its entries in y.

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
    check_unlabeled_value(unlabeled_value)
    if scoring is None:
        raise ValueError(
            "scoring=None must be the name of a scikit-learn scorer, or a scorer."
        )
    # `get_scorer` refuses lists and unknown names, and `check_scoring` metrics.
    scorer = check_scoring(scoring=get_scorer(scoring))
    # Requests of metadata are set on the copy, not on the scorer of the user.
    return LabeledScorer(copy.deepcopy(scorer), unlabeled_value)


class LabeledScorer:
    """The scorer of `labeled_scorer`; a class, because closures cannot be pickled."""

    def __init__(self, scorer, unlabeled_value):
        self._scorer = scorer
        self._unlabeled_value = unlabeled_value

    def __call__(self, estimator: Any, X: Rows, y: Labels, **params: Any) -> float:
        """Score the labelled entries of y."""
        check_consistent_length(X, y)
        numeric = is_regressor(estimator)
        check_marker(estimator, self._unlabeled_value)
        if not numeric and is_a_class(self._unlabeled_value, estimator):
            raise ValueError(
                f"The classifier has learned {self._unlabeled_value!r}, which marks "
                "unlabelled samples, as a class. Wrap it in LabeledOnly, or leave these "
                "samples out of the training sets with LabeledKFold(unlabeled='drop')."
            )
        names, several, entries = observed_entries(y, self._unlabeled_value, numeric)
        _check_labels(names, estimator, X)
        scores, errors = {}, []
        for label, (name, (index, y_true)) in enumerate(zip(names, entries, strict=True)):
            if len(index) == 0:
                continue
            X_observed = _safe_indexing(X, index)
            selected = _check_method_params(X, params, indices=index)
            if not several:
                scores[name] = self._scorer(estimator, X_observed, y_true, **selected)
            elif numeric:
                view = _OneTarget(estimator, label)
                scores[name] = self._scorer(view, X_observed, y_true, **selected)
            else:
                view = _OneClassLabel(estimator, label)
                scores[name], error = self._score_if_defined(
                    view, X_observed, y_true, selected
                )
                errors += error
        if not scores:
            raise ValueError(
                "y has no labelled sample to score: all its entries are marked as "
                "unlabelled. Use LabeledKFold, whose test sets are labelled."
            )
        undefined = [name for name, score in scores.items() if np.isnan(score)]
        if undefined and several:
            said = f" The metric says: {errors[0]}" if errors else ""
            warnings.warn(
                f"{self!r} is not defined for {undefined}, where y lacks a class or a "
                "second number, and is the mean over the other labels. Use fewer folds, "
                f"or a metric such as 'balanced_accuracy'.{said}",
                UndefinedMetricWarning,
                stacklevel=2,
            )
        defined = [score for score in scores.values() if not np.isnan(score)]
        return float(np.mean(defined)) if defined else np.nan

    def _score_if_defined(self, classifier, X, y_true, params):
        """Return the score of one label and no errors.

        If the metric fails for a y_true that lacks a class, NaN and a list of its error.
        """
        try:
            return self._scorer(classifier, X, y_true, **params), []
        except ValueError as error:
            if len(np.unique(y_true)) == len(classifier.classes_):
                raise
            return np.nan, [error]

    def set_score_request(self, **requests: bool | str | None) -> Self:
        """Request metadata, as scikit-learn's scorers do.

        Parameters
        ----------
        **requests : dict of str to bool, str or None
            Requested metadata, for example ``sample_weight=True``.

        Returns
        -------
        self : LabeledScorer
            The scorer itself.
        """
        self._scorer.set_score_request(**requests)
        return self

    def get_metadata_routing(self) -> Any:
        """Return which metadata the scorer requests."""
        return get_routing_for_object(self._scorer)

    def __repr__(self):
        marker = self._unlabeled_value
        return f"labeled_scorer({self._scorer!r}, unlabeled_value={marker!r})"


def _check_labels(names, estimator, X):
    """Refuse a y with other labels than those that an estimator was fitted to.

    Raises
    ------
    ValueError
        If their number or their order differs.
    """
    fitted = getattr(holder_of("label_names_", estimator), "label_names_", None)
    classes = getattr(estimator, "classes_", None)
    n_fitted = len(names)
    if fitted is not None:
        n_fitted = len(fitted)
    elif isinstance(classes, list):
        n_fitted = len(classes)
    elif n_fitted > 1 and np.ndim(estimator.predict(_safe_indexing(X, [0]))) == 1:
        # Other estimators do not say how many labels they were fitted to.
        n_fitted = 1
    if len(names) != n_fitted:
        raise ValueError(
            f"y has {len(names)} label(s), but the estimator was fitted with {n_fitted}"
            + ("." if fitted is None else f": {fitted}.")
        )
    if fitted is not None:
        check_names(names, fitted)


class _OneLabel(BaseEstimator):
    """View of one label of a fitted estimator of several labels."""

    def __init__(self, estimator, label):
        self.estimator = estimator
        self.label = label

    def predict(self, X):
        """Predict the most probable class, or the number, (n,)."""
        column = self.estimator.predict(X)[:, self.label]
        # Labels of mixed types are predicted as objects, which metrics reject.
        return of_own_type(column.tolist())


class _OneTarget(RegressorMixin, _OneLabel):
    """View of one target of a regressor."""


class _OneClassLabel(ClassifierMixin, _OneLabel):
    """View of one label of a classifier."""

    @property
    def classes_(self):
        """Classes of the label."""
        classes = self.estimator.classes_
        # Some classifiers of several binary labels count the labels in `classes_`.
        return classes[self.label] if isinstance(classes, list) else np.array([0, 1])

    def predict_proba(self, X):
        """Class probabilities (n, n_classes)."""
        probabilities = self.estimator.predict_proba(X)
        if isinstance(probabilities, list):
            return probabilities[self.label]
        # The same classifiers return one array (n, L) of the probabilities of 1.
        positive = probabilities[:, self.label]
        return np.column_stack([1 - positive, positive])
