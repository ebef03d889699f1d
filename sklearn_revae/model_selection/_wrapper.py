"""What the wrappers share: everything but `fit` is that of the wrapped estimator."""

from typing import Any, Literal, Self

from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.utils import get_tags
from sklearn.utils._set_output import _safe_set_output
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from sklearn_revae._typing import Rows


def has(method):
    """Check whether the wrapped estimator has a method."""

    def check(wrapper):
        # Raises the estimator's own AttributeError, which says what it lacks and why.
        getattr(getattr(wrapper, "estimator_", wrapper.estimator), method)
        return True

    return check


class Wrapper(BaseEstimator):
    """Base of the wrappers, which fit a clone `estimator_` of their `estimator`."""

    estimator: Any
    estimator_: Any

    @property
    def classes_(self) -> Any:
        """Classes of the fitted estimator."""
        return self.estimator_.classes_

    @property
    def n_features_in_(self) -> int:
        """Number of features seen during `fit`."""
        return self.estimator_.n_features_in_

    @property
    def feature_names_in_(self) -> NDArray[Any]:
        """Names of the features seen during `fit`."""
        return self.estimator_.feature_names_in_

    def __sklearn_is_fitted__(self):
        return hasattr(self, "estimator_")

    def __sklearn_tags__(self):
        return get_tags(self.estimator)

    @available_if(has("predict"))
    def predict(self, X: Rows) -> NDArray[Any]:
        """Predict the class of each sample, or its number.

        .. versionadded:: 0.2

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Samples.

        Returns
        -------
        y : ndarray of shape (n_samples,)
            Predictions of the fitted estimator.

        Examples
        --------
        >>> from sklearn.linear_model import LogisticRegression
        >>> from sklearn_revae.model_selection import LabeledOnly
        >>> X, y = [[0.0], [2.0], [9.0]], [0, 1, -1]
        >>> model = LabeledOnly(LogisticRegression()).fit(X, y)
        >>> model.predict([[0.1], [1.9]])
        array([0, 1])
        """
        check_is_fitted(self)
        return self.estimator_.predict(X)

    @available_if(has("predict_proba"))
    def predict_proba(self, X: Rows) -> Any:
        """Predict the probability of each class.

        .. versionadded:: 0.2

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Samples.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes)
            Probabilities, in the order of `classes_`.

        Examples
        --------
        >>> from sklearn.linear_model import LogisticRegression
        >>> from sklearn_revae.model_selection import LabeledOnly
        >>> X, y = [[0.0], [2.0], [9.0]], [0, 1, -1]
        >>> model = LabeledOnly(LogisticRegression()).fit(X, y)
        >>> model.predict_proba([[1.0]]).round(2)
        array([[0.5, 0.5]])
        """
        check_is_fitted(self)
        return self.estimator_.predict_proba(X)

    @available_if(has("predict_log_proba"))
    def predict_log_proba(self, X: Rows) -> Any:
        """Predict the logarithm of the probability of each class.

        .. versionadded:: 0.2

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Samples.

        Returns
        -------
        log_probabilities : ndarray of shape (n_samples, n_classes)
            Logarithms of the probabilities, in the order of `classes_`.

        Examples
        --------
        >>> from sklearn.linear_model import LogisticRegression
        >>> from sklearn_revae.model_selection import LabeledOnly
        >>> X, y = [[0.0], [2.0], [9.0]], [0, 1, -1]
        >>> model = LabeledOnly(LogisticRegression()).fit(X, y)
        >>> model.predict_log_proba([[1.0]]).shape
        (1, 2)
        """
        check_is_fitted(self)
        return self.estimator_.predict_log_proba(X)

    @available_if(has("decision_function"))
    def decision_function(self, X: Rows) -> NDArray[Any]:
        """Compute the decision function of the fitted estimator.

        .. versionadded:: 0.2

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Samples.

        Returns
        -------
        scores : ndarray of shape (n_samples,) or (n_samples, n_classes)
            Scores of the classes.

        Examples
        --------
        >>> from sklearn.linear_model import LogisticRegression
        >>> from sklearn_revae.model_selection import LabeledOnly
        >>> X, y = [[0.0], [2.0], [9.0]], [0, 1, -1]
        >>> model = LabeledOnly(LogisticRegression()).fit(X, y)
        >>> model.decision_function([[1.9]]) > 0
        array([ True])
        """
        check_is_fitted(self)
        return self.estimator_.decision_function(X)

    @available_if(has("transform"))
    def transform(self, X: Rows) -> Any:
        """Transform samples by the fitted estimator.

        .. versionadded:: 0.2

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Samples.

        Returns
        -------
        X_new : array-like of shape (n_samples, n_features_new)
            Transformed samples.

        Examples
        --------
        >>> from sklearn.feature_selection import SelectKBest
        >>> from sklearn_revae.model_selection import LabeledOnly
        >>> X, y = [[0, 5], [3, 5], [1, 7], [1, 6], [2, 6]], [0, 1, -1, 0, 1]
        >>> best = LabeledOnly(SelectKBest(k=1)).fit(X, y)
        >>> best.transform([[3, 4]])
        array([[3]])
        """
        check_is_fitted(self)
        return self.estimator_.transform(X)

    @available_if(has("get_feature_names_out"))
    def get_feature_names_out(self, input_features: Any = None) -> NDArray[Any]:
        """Return the names of the features that `transform` returns.

        .. versionadded:: 0.2

        Parameters
        ----------
        input_features : array-like of shape (n_features,), default=None
            Names of the features of X. If None, those seen during `fit`.

        Returns
        -------
        names : ndarray of str
            Names of the transformed features.

        Examples
        --------
        >>> from sklearn.feature_selection import SelectKBest
        >>> from sklearn_revae.model_selection import LabeledOnly
        >>> X, y = [[0, 5], [3, 5], [1, 7], [1, 6], [2, 6]], [0, 1, -1, 0, 1]
        >>> best = LabeledOnly(SelectKBest(k=1)).fit(X, y)
        >>> best.get_feature_names_out(["a", "b"]).tolist()
        ['a']
        """
        check_is_fitted(self)
        return self.estimator_.get_feature_names_out(input_features)

    @available_if(has("transform"))
    def set_output(
        self, *, transform: Literal["default", "pandas", "polars"] | None = None
    ) -> Self:
        """Set the container that `transform` returns.

        .. versionadded:: 0.2

        Parameters
        ----------
        transform : {"default", "pandas", "polars"}, default=None
            The container, as in scikit-learn's transformers. None changes nothing.

        Returns
        -------
        self : estimator
            The wrapper itself.

        Examples
        --------
        >>> from sklearn.feature_selection import SelectKBest
        >>> from sklearn_revae.model_selection import LabeledOnly
        >>> X, y = [[0, 5], [3, 5], [1, 7], [1, 6], [2, 6]], [0, 1, -1, 0, 1]
        >>> best = LabeledOnly(SelectKBest(k=1)).set_output(transform="pandas")
        >>> type(best.fit(X, y).transform(X)).__name__
        'DataFrame'
        """
        for estimator in (self.estimator, getattr(self, "estimator_", None)):
            if estimator is not None:
                _safe_set_output(estimator, transform=transform)
        return self
