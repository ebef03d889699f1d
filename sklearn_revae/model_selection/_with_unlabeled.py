"""A wrapper by which a semi-supervised estimator looks like a supervised one."""

from typing import Self

import narwhals as nw
import numpy as np
import scipy.sparse
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, clone
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import _num_samples, check_is_fitted

from sklearn_revae._data.marking import dtype_for
from sklearn_revae._data.targets import as_array
from sklearn_revae._typing import Labels, Rows
from sklearn_revae.model_selection._targets import check_marker, marker_for
from sklearn_revae.model_selection._wrapper import Wrapper, has


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
            None, no weights are passed to the estimator.

        Returns
        -------
        self : WithUnlabeled
            The fitted wrapper.

        Raises
        ------
        ValueError
            If X and `X_unlabeled` differ in their number of features, or if the
            estimator has another `unlabeled_value`.

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
            check_marker(self.estimator, self.unlabeled_value)
            marker = marker_for(self.estimator, self.unlabeled_value)
            y = _append_marker(as_array(y), n_added, marker)
            X = _concatenate(X, self.X_unlabeled)
        weights = {} if sample_weight is None else {"sample_weight": sample_weight}
        if weights and n_added:
            sample_weight = np.asarray(sample_weight, dtype=np.float64)
            # Weights may sum to 1, so the added ones have to be of the same size.
            added = np.full(n_added, sample_weight.mean())
            weights["sample_weight"] = np.concatenate([sample_weight, added])
        self.estimator_ = clone(self.estimator).fit(X, y, **weights)
        return self

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
    """Append `n_added` unlabelled entries to the array y (n,) or (n, L)."""
    dtype = dtype_for(y.dtype, marker)
    unlabeled = np.full((n_added, *y.shape[1:]), marker, dtype=dtype)
    return np.concatenate([y.astype(dtype), unlabeled])


def _concatenate(X, X_unlabeled):
    """Stack two sets of samples, in the container of X if both have the same."""
    frames = [nw.dependencies.is_into_dataframe(rows) for rows in (X, X_unlabeled)]
    if all(frames):
        parts = [nw.from_native(rows, eager_only=True) for rows in (X, X_unlabeled)]
        return nw.concat(parts, how="vertical").to_native()
    if scipy.sparse.issparse(X) or scipy.sparse.issparse(X_unlabeled):
        return scipy.sparse.vstack([X, X_unlabeled], format="csr")
    # BaggingClassifier, for one, passes arrays on where the user passed frames.
    X, X_unlabeled = np.asarray(X), np.asarray(X_unlabeled)
    if X.shape[1:] != X_unlabeled.shape[1:]:
        raise ValueError(
            f"X has samples of shape {X.shape[1:]}, but those of X_unlabeled have the "
            f"shape {X_unlabeled.shape[1:]}: pass the same features in both."
        )
    return np.concatenate([X, X_unlabeled])
