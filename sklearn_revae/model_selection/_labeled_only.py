"""A wrapper by which a supervised estimator sees labelled samples only."""

from typing import Any, Self

import numpy as np
from sklearn import get_config
from sklearn.base import BaseEstimator, clone
from sklearn.utils import _safe_indexing, check_consistent_length, indexable
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping, process_routing
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import _check_method_params, _num_samples, check_is_fitted

from sklearn_revae._data.targets import of_own_type, read_targets, stacked
from sklearn_revae._typing import Labels, Rows
from sklearn_revae.model_selection._targets import marker_for, require_y
from sklearn_revae.model_selection._wrapper import Wrapper, concatenate, has


class LabeledOnly(Wrapper):
    """Fit a supervised estimator to the labelled samples only.

    A supervised estimator of scikit-learn treats -1 as an additional class. Inside this
    wrapper it never sees an unlabelled sample. As the last step of a Pipeline, it is
    fitted to the labelled samples, while the steps before it are fitted to all samples.

    .. versionadded:: 0.2

    Parameters
    ----------
    estimator : estimator
        Classifier, regressor, or transformer that uses y. It may be a meta-estimator,
        such as :class:`~sklearn.calibration.CalibratedClassifierCV`.
    unlabeled_value : int, float, str or None, default=-1
        Value that marks an entry of y as unlabelled, besides None and NaN. For a
        regressor only None and NaN do.

    Attributes
    ----------
    estimator_ : estimator
        The fitted estimator.
    classes_ : ndarray of shape (n_classes,)
        The classes, if the estimator is a classifier.
    n_features_in_ : int
        Number of features seen during :meth:`fit`.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the features, if X had names that are all strings.

    See Also
    --------
    WithUnlabeled : Adds unlabelled samples to a fit that has labelled samples only.
    labeled_scorer : Make a scorer that ignores unlabelled samples.

    Notes
    -----
    For several labels, a sample is used if all of its labels are observed. To fit each
    label to the samples for which it is observed, write
    ``MultiOutputClassifier(LabeledOnly(estimator))``. It rejects NaN and None in y, so
    that a value such as -1 has to mark unlabelled entries, or "?" beside strings.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn_revae import ReVAETransformer
    >>> from sklearn_revae.datasets import mask_labels
    >>> from sklearn_revae.model_selection import LabeledOnly
    >>> X, y = load_iris(return_X_y=True)
    >>> few = mask_labels(y, n_per_class=10, random_state=0)
    >>> pipeline = make_pipeline(
    ...     ReVAETransformer(max_iter=5, random_state=0),
    ...     LabeledOnly(LogisticRegression()),
    ... )
    >>> pipeline.fit(X, few).classes_
    array([0, 1, 2])
    """

    def __init__(self, estimator: BaseEstimator, *, unlabeled_value: object = -1) -> None:
        self.estimator = estimator
        self.unlabeled_value = unlabeled_value

    def fit(self, X: Rows, y: Labels, **params: Any) -> Self:
        """Fit the estimator to the labelled samples.

        .. versionadded:: 0.2

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Samples.
        y : array-like of shape (n_samples,) or (n_samples, n_labels)
            Labels, with unlabelled entries.
        **params : dict
            Parameters of the estimator's `fit`, such as `sample_weight`. Those with an
            entry for each sample are restricted to the labelled samples. With metadata
            routing enabled, the estimator has to request them.

        Returns
        -------
        self : LabeledOnly
            The fitted wrapper.

        Raises
        ------
        ValueError
            If y is None, has another length than X, or has no labelled sample.

        Examples
        --------
        >>> from sklearn.linear_model import LogisticRegression
        >>> from sklearn_revae.model_selection import LabeledOnly
        >>> X, y = [[0.0], [2.0], [9.0]], ["low", "high", None]
        >>> LabeledOnly(LogisticRegression()).fit(X, y).classes_.tolist()
        ['high', 'low']
        """
        index, y, params = self._labeled(X, y, self._routed("fit", params))
        self.estimator_ = clone(self.estimator).fit(_rows(X, index), y, **params)
        return self

    @available_if(has("fit_transform"))
    def fit_transform(self, X: Rows, y: Labels, **params: Any) -> Any:
        """Fit the transformer to the labelled samples, and transform all samples.

        Some transformers, such as :class:`~sklearn.preprocessing.TargetEncoder`,
        transform the samples that they are fitted to in another way than new samples.
        The labelled samples are transformed in this way.

        .. versionadded:: 0.2

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Samples.
        y : array-like of shape (n_samples,) or (n_samples, n_labels)
            Labels, with unlabelled entries.
        **params : dict
            Parameters of the estimator's `fit_transform`, as in :meth:`fit`.

        Returns
        -------
        X_new : array-like of shape (n_samples, n_features_new)
            Transformed samples.

        Raises
        ------
        ValueError
            If y is None, has another length than X, or has no labelled sample.

        Examples
        --------
        >>> from sklearn.feature_selection import SelectKBest
        >>> from sklearn_revae.model_selection import LabeledOnly
        >>> X, y = [[0, 5], [3, 5], [1, 7], [1, 6], [2, 6]], [0, 1, -1, 0, 1]
        >>> LabeledOnly(SelectKBest(k=1)).fit_transform(X, y).shape
        (5, 1)
        """
        params = self._routed("fit_transform", params)
        index, y, params = self._labeled(X, y, params)
        self.estimator_ = clone(self.estimator)
        labeled = self.estimator_.fit_transform(_rows(X, index), y, **params)
        if index is None:
            return labeled
        others = np.setdiff1d(np.arange(_num_samples(X)), index)
        unlabeled = self.estimator_.transform(_rows(X, others))
        order = np.argsort(np.concatenate([index, others]))
        return _safe_indexing(concatenate(labeled, unlabeled), order)

    @available_if(has("score"))
    def score(self, X: Rows, y: Labels, **params: Any) -> float:
        """Score the estimator on the labelled samples.

        .. versionadded:: 0.2

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Samples.
        y : array-like of shape (n_samples,) or (n_samples, n_labels)
            Labels, with unlabelled entries.
        **params : dict
            Parameters of the estimator's `score`, as in :meth:`fit`.

        Returns
        -------
        score : float
            The estimator's own score, for classifiers the accuracy.

        Raises
        ------
        ValueError
            If y is None, has another length than X, or has no labelled sample.

        Examples
        --------
        >>> from sklearn.linear_model import LogisticRegression
        >>> from sklearn_revae.model_selection import LabeledOnly
        >>> X, y = [[0.0], [2.0], [9.0]], [0, 1, -1]
        >>> LabeledOnly(LogisticRegression()).fit(X, y).score(X, y)
        1.0
        """
        check_is_fitted(self)
        index, y, params = self._labeled(X, y, self._routed("score", params))
        return self.estimator_.score(_rows(X, index), y, **params)

    def get_metadata_routing(self) -> MetadataRouter:
        """Return which metadata the estimator requests.

        .. versionadded:: 0.2

        Returns
        -------
        routing : MetadataRouter
            See scikit-learn's user guide of metadata routing.

        Examples
        --------
        >>> from sklearn.linear_model import LogisticRegression
        >>> from sklearn_revae.model_selection import LabeledOnly
        >>> LabeledOnly(LogisticRegression()).get_metadata_routing()
        {'estimator': ...}
        """
        methods = MethodMapping()
        for method in "fit", "fit_transform", "score":
            methods.add(caller=method, callee=method)
        router = MetadataRouter(owner=type(self).__name__)
        return router.add(estimator=self.estimator, method_mapping=methods)

    def _routed(self, method, params):
        """Parameters of the estimator's method; all of them if routing is not enabled."""
        if not get_config()["enable_metadata_routing"]:
            return params
        return process_routing(self, method, **params).estimator[method]

    def _labeled(self, X, y, params):
        """Return the indices of the labelled samples, their labels and parameters.

        The indices are None if all samples are labelled.
        """
        require_y(y, f"This {type(self).__name__} estimator")
        check_consistent_length(X, y)
        marker = marker_for(self.estimator, self.unlabeled_value)
        targets = read_targets(y, marker)
        observed = np.all(targets.observed, axis=0)
        cells = stacked(targets.columns, targets.several)
        whole = observed.all() and not any(targets.soft)
        if whole and cells.dtype.kind != "O":
            return None, y, params
        if not observed.any():
            raise ValueError(
                f"{type(self).__name__} requires at least one labelled sample, but y has "
                "none. Use LabeledKFold, which distributes the labelled samples."
            )
        index = np.flatnonzero(observed)
        y_labeled = cells[index]
        if y_labeled.dtype.kind == "O":
            # Cells that are objects, as they are beside the marker, get their own type.
            y_labeled = of_own_type(y_labeled.tolist())
        if whole:
            # Labels of several types have no common one.
            return None, y_labeled if y_labeled.tolist() == cells.tolist() else y, params
        params = _check_method_params(X, params, indices=index)
        return index, y_labeled, params


def _rows(X, index):
    """Return the samples at `index`; all of them if it is None."""
    return X if index is None else _safe_indexing(indexable(X)[0], index)
