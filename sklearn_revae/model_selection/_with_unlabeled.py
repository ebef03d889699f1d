"""A wrapper by which a semi-supervised estimator looks like a supervised one."""

import functools
from collections.abc import Callable
from types import MethodType
from typing import Any, Self

import narwhals as nw
import numpy as np
from numpy.typing import ArrayLike
from sklearn import get_config
from sklearn.base import BaseEstimator, clone
from sklearn.model_selection._search import BaseSearchCV
from sklearn.pipeline import Pipeline
from sklearn.utils import check_consistent_length
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import (
    _check_sample_weight,
    _num_samples,
    check_is_fitted,
    has_fit_parameter,
)

from sklearn_revae._data.frames import is_frame, named_like
from sklearn_revae._data.marking import dtype_for
from sklearn_revae._data.reading import names_of
from sklearn_revae._data.targets import as_array
from sklearn_revae._typing import Labels, Rows
from sklearn_revae.model_selection._targets import (
    check_marker,
    is_a_class,
    marker_for,
    require_y,
)
from sklearn_revae.model_selection._wrapper import Wrapper, concatenate, has


class _WeightedIfPossible:
    """A method `fit` without `sample_weight` if the wrapped estimator does not take it.

    Meta-estimators read from the signature whether they can pass weights.
    """

    def __init__(self, fit: Callable[..., Any]) -> None:
        self.fit = fit
        self.__doc__ = fit.__doc__

    def __get__(self, wrapper, owner=None):
        if wrapper is None:
            return self.fit
        fit = MethodType(self.fit, wrapper)
        if _weight_name(wrapper.estimator) is not None:
            return fit

        def without_weight(X, y):
            return fit(X, y)

        functools.update_wrapper(without_weight, fit)
        # The signature would be that of the wrapped method.
        del without_weight.__wrapped__
        return without_weight


def _weight_name(estimator):
    """Name of the parameter of `fit` for sample weights, None if there is none."""
    name = "sample_weight"
    while isinstance(estimator, (Pipeline, BaseSearchCV)):
        if isinstance(estimator, BaseSearchCV):
            estimator = estimator.estimator
            continue
        step, estimator = estimator.steps[-1]
        # With metadata routing enabled, a Pipeline asks its steps for their parameters.
        if not get_config()["enable_metadata_routing"]:
            name = f"{step}__{name}"
    takes = hasattr(estimator, "fit") and has_fit_parameter(estimator, "sample_weight")
    return name if takes else None


class WithUnlabeled(Wrapper):
    """Add the same unlabelled samples to every fit of a semi-supervised estimator.

    From outside the estimator then looks like a supervised one: X and y contain labelled
    samples only. It therefore works in scikit-learn's meta-estimators, which split,
    resample or encode y, and which would treat -1 as a class.

    .. versionadded:: 0.2

    Parameters
    ----------
    estimator : estimator
        Semi-supervised classifier or regressor, such as
        :class:`~sklearn_revae.ReVAEClassifier`, or a Pipeline that ends with one.
    X_unlabeled : array-like of shape (n_unlabeled, n_features), default=None
        Unlabelled samples that are added to X in :meth:`fit`. If None, none are added.
    unlabeled_value : int, float, str or None, default=-1
        Value that marks these samples in the y of the estimator. It must be the
        `unlabeled_value` of the estimator. Samples of a regressor are marked by NaN.

    Attributes
    ----------
    estimator_ : estimator
        The fitted estimator.
    classes_ : ndarray of shape (n_classes,), or list of such arrays
        The classes.
    n_features_in_ : int
        Number of features seen during :meth:`fit`.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the features, if X had names that are all strings.

    See Also
    --------
    LabeledOnly : Fits a supervised estimator to the labelled samples only.

    Examples
    --------
    >>> from sklearn.calibration import CalibratedClassifierCV
    >>> from sklearn.datasets import load_iris
    >>> from sklearn_revae import ReVAEClassifier
    >>> from sklearn_revae.datasets import mask_labels
    >>> from sklearn_revae.model_selection import WithUnlabeled
    >>> X, y = load_iris(return_X_y=True)
    >>> labeled = mask_labels(y, n_per_class=10, random_state=0) != -1
    >>> model = ReVAEClassifier(max_iter=5, random_state=0)
    >>> calibrated = CalibratedClassifierCV(WithUnlabeled(model, X[~labeled]), cv=2)
    >>> calibrated.fit(X[labeled], y[labeled]).classes_
    array([0, 1, 2])
    """

    def __init__(
        self,
        estimator: BaseEstimator,
        X_unlabeled: Rows | None = None,
        *,
        unlabeled_value: object = -1,
    ) -> None:
        self.estimator = estimator
        self.X_unlabeled = X_unlabeled
        self.unlabeled_value = unlabeled_value

    @_WeightedIfPossible
    def fit(self, X: Rows, y: Labels, sample_weight: ArrayLike | None = None) -> Self:
        """Fit the estimator to X and the unlabelled samples.

        .. versionadded:: 0.2

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Labelled samples.
        y : array-like of shape (n_samples,) or (n_samples, n_labels)
            Labels.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the labelled samples. Each unlabelled sample gets their mean. If
            None, no weights are passed to the estimator. Only if the estimator, or the
            last step of a Pipeline, takes weights.

        Returns
        -------
        self : WithUnlabeled
            The fitted wrapper.

        Raises
        ------
        ValueError
            If X and `X_unlabeled` differ in their features, if the estimator has another
            `unlabeled_value`, or if it has learned this value as a class.

        Examples
        --------
        >>> from sklearn.semi_supervised import LabelSpreading
        >>> from sklearn_revae.model_selection import WithUnlabeled
        >>> model = WithUnlabeled(LabelSpreading(), [[1.0], [7.0]])
        >>> model.fit([[0.0], [9.0]], [0, 1]).predict([[2.0]])
        array([0])
        """
        n_added = 0 if self.X_unlabeled is None else _num_samples(self.X_unlabeled)
        if n_added:
            require_y(y, f"This {type(self).__name__} estimator")
            check_marker(self.estimator, self.unlabeled_value)
            marker = marker_for(self.estimator, self.unlabeled_value)
            check_consistent_length(X, y)
            if sample_weight is not None:
                weight = _check_sample_weight(sample_weight, X)
                # Weights may sum to 1, so the added ones have to be of the same size.
                sample_weight = np.append(weight, np.full(n_added, weight.mean()))
            X = _stacked(X, self.X_unlabeled)
            y = _append_marker(y, n_added, marker)
        weights = {_weight_name(self.estimator): sample_weight}
        fitted = self._fitted(X, y, weights if sample_weight is not None else {})
        if n_added and is_a_class(marker, fitted):
            raise ValueError(
                f"{type(self.estimator).__name__} has learned {marker!r}, which marks "
                "unlabelled samples, as a class. Put WithUnlabeled directly around an "
                "estimator that is semi-supervised, inside other meta-estimators, and "
                "wrap supervised estimators in LabeledOnly."
            )
        self.estimator_ = fitted
        return self

    def _fitted(self, X, y, weights):
        try:
            return clone(self.estimator).fit(X, y, **weights)
        except ValueError as error:
            if (
                "Unknown label type: unknown" not in str(error)
                or self.X_unlabeled is None
            ):
                raise
            name, marker = type(self.estimator).__name__, self.unlabeled_value
            raise ValueError(
                f"Unknown label type: {name} does not accept an array of objects, but y "
                f"is one with {marker!r} beside its classes. Pass integers, for example "
                "y.astype(int) if y holds bools."
            ) from error

    @available_if(has("score"))
    def score(self, X: Rows, y: Labels, sample_weight: ArrayLike | None = None) -> float:
        """Score the fitted estimator.

        .. versionadded:: 0.2

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Samples.
        y : array-like of shape (n_samples,) or (n_samples, n_labels)
            Labels.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples.

        Returns
        -------
        score : float
            The estimator's own score, for classifiers the accuracy.

        Examples
        --------
        >>> from sklearn.semi_supervised import LabelSpreading
        >>> from sklearn_revae.model_selection import WithUnlabeled
        >>> model = WithUnlabeled(LabelSpreading(), [[1.0], [7.0]])
        >>> model.fit([[0.0], [9.0]], [0, 1]).score([[2.0], [6.0]], [0, 1])
        1.0
        """
        check_is_fitted(self)
        weights = {} if sample_weight is None else {"sample_weight": sample_weight}
        return self.estimator_.score(X, y, **weights)


def _append_marker(y, n_added, marker):
    """Append `n_added` unlabelled entries to y (n,) or (n, L), which keeps its names."""
    labels = as_array(y)
    dtype = dtype_for(labels, marker)
    named = is_frame(y) or nw.dependencies.is_into_series(y)
    if dtype.kind == "O" and named and not hasattr(y, "iloc"):
        # A column of polars has values of one type, and None, which is a marker too.
        marker = None
    unlabeled = np.full((n_added, *labels.shape[1:]), marker, dtype=dtype)
    return named_like(np.concatenate([labels.astype(dtype), unlabeled]), y)


def _stacked(X, X_unlabeled):
    """Stack two sets of samples, which have to have the same features."""
    own, other = names_of(X), names_of(X_unlabeled)
    if own is not None and other is not None and own != other:
        raise ValueError(
            f"X_unlabeled has the columns {other}, but X has the columns {own}. Pass the "
            "same columns, in the same order."
        )
    X, X_unlabeled = [
        rows if hasattr(rows, "shape") else np.asarray(rows) for rows in (X, X_unlabeled)
    ]
    if X.shape[1:] != X_unlabeled.shape[1:]:
        raise ValueError(
            f"X has samples of shape {X.shape[1:]}, but those of X_unlabeled have the "
            f"shape {X_unlabeled.shape[1:]}: pass the same features in both. A "
            "meta-estimator that selects or adds features cannot contain WithUnlabeled, "
            "for example BaggingClassifier(max_features=0.5) or ClassifierChain."
        )
    return concatenate(X, X_unlabeled)
