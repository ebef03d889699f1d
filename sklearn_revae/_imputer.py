"""ReVAEImputer, which fills in missing values as a step of a Pipeline."""

import warnings
from collections.abc import Mapping
from typing import Any, Self

import torch
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from sklearn_revae._data.tensors import as_numpy
from sklearn_revae._notebook import DocumentationLink
from sklearn_revae._parameters import CONSTRAINTS, validates_parameters
from sklearn_revae._transformer import ReVAETransformer
from sklearn_revae._typing import Auto, RandomState, Rows


class ReVAEImputer(
    DocumentationLink, OneToOneFeatureMixin, TransformerMixin, BaseEstimator
):
    """Fill in missing values by a variational autoencoder, as a step of a Pipeline.

    It fits a :class:`ReVAETransformer` without labels, whose single ensemble member is
    trained in about a second, and calls its method `impute`. Numbers, counts, categories
    and ordered categories can be imputed together. Observed values are kept exactly,
    except for those that are treated as missing, with a warning: categories that `fit`
    has not seen, and repeated far values such as -999 that look like a code for missing
    values in `fit`.

    The estimators of this package accept missing values themselves, so they need no
    imputer before them.

    .. versionadded:: 0.2

    Parameters
    ----------
    likelihood : str, array-like of str of shape (n_features,) or dict, default="auto"
        The family of each feature, as in :class:`ReVAETransformer`.
    max_iter : int or "auto", default="auto"
        Number of epochs. If "auto", enough for 250 steps, 500 if all features are pixels.
    device : str or torch.device, default="auto"
        Where to train, as in :class:`ReVAETransformer`.
    random_state : int, RandomState instance or None, default=None
        Determines initial weights, batches and noise. Pass an int for reproducible
        results.

    Attributes
    ----------
    estimator_ : ReVAETransformer
        The fitted model.
    n_iter_ : int
        Number of epochs trained.
    n_features_in_ : int
        Number of features seen during `fit`.
    feature_names_in_ : ndarray of str of shape (`n_features_in_`,)
        Names of the features; defined only if X has feature names that are all strings.

    See Also
    --------
    ReVAEClassifier.impute : The method, which can also draw missing values at random.
    sklearn.impute.IterativeImputer : Predicts each feature from the others in turn.

    Notes
    -----
    Fit on samples that contain missing values if you want to impute: only then the
    encoder learns to distinguish a missing value from an average one.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn_revae import ReVAEImputer
    >>> X, y = load_iris(return_X_y=True)
    >>> X[::5, 2] = X[::7, 3] = np.nan
    >>> imputer = ReVAEImputer(max_iter=20, random_state=0)
    >>> int(np.isnan(imputer.fit_transform(X)).sum())
    0
    >>> pipeline = make_pipeline(imputer, LogisticRegression())
    >>> pipeline.fit(X, y).score(X, y) > 0.9
    True
    """

    _parameter_constraints: dict = {
        name: CONSTRAINTS[name]
        for name in ("likelihood", "max_iter", "device", "random_state")
    }

    def __init__(
        self,
        *,
        likelihood: str | ArrayLike | Mapping[Any, str] = "auto",
        max_iter: int | Auto = "auto",
        device: str | torch.device = "auto",
        random_state: RandomState = None,
    ) -> None:
        self.likelihood = likelihood
        self.max_iter = max_iter
        self.device = device
        self.random_state = random_state

    @validates_parameters
    def fit(self, X: Rows, y: object = None) -> Self:
        """Fit the model to samples.

        .. versionadded:: 0.2

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Samples, in any units. NaN, None and pandas' NA are missing values.
        y : Ignored
            Not used, present for API consistency.

        Returns
        -------
        self : ReVAEImputer
            The fitted imputer.

        Raises
        ------
        ValueError
            If a parameter or X is invalid, or a feature has no observed value.

        Examples
        --------
        >>> import numpy as np
        >>> from sklearn_revae import ReVAEImputer
        >>> X = np.array([[1.0, 2.0], [2.0, np.nan], [3.0, 6.0], [4.0, 8.0]])
        >>> ReVAEImputer(max_iter=10, random_state=0).fit(X).n_features_in_
        2
        """
        model = ReVAETransformer(**self.get_params(deep=False)).fit(X)
        self.__dict__.pop("feature_names_in_", None)
        for name in ("n_iter_", "n_features_in_", "feature_names_in_"):
            if hasattr(model, name):
                setattr(self, name, getattr(model, name))
        self.estimator_ = model
        return self

    def transform(self, X: Rows) -> Any:
        """Fill in missing values and keep all others.

        .. versionadded:: 0.2

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Samples, in the units of the training data.

        Returns
        -------
        X_new : array-like of shape (n_samples, n_features)
            X without missing values, in its container, dtypes and units, unless
            `set_output` has chosen another container. Expected values are filled in, and
            the most likely category.

        Raises
        ------
        ValueError
            If X does not have the features of the training data.

        Examples
        --------
        >>> import numpy as np
        >>> from sklearn_revae import ReVAEImputer
        >>> X = np.array([[1.0, 2.0], [2.0, np.nan], [3.0, 6.0], [4.0, 8.0]])
        >>> ReVAEImputer(max_iter=10, random_state=0).fit(X).transform(X)[[0, 2, 3]]
        array([[1., 2.],
               [3., 6.],
               [4., 8.]])
        """
        check_is_fitted(self)
        X = as_numpy(X)
        if len(getattr(X, "shape", ())) == 2:
            # In the name of the imputer. The model explains all other problems of X.
            validate_data(self, X, reset=False, skip_check_array=True)
        with warnings.catch_warnings():
            # The imputer has just warned of them.
            warnings.filterwarnings("ignore", message="X (has|does not).* feature names")
            return self.estimator_.impute(X)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags = ReVAETransformer().__sklearn_tags__().input_tags
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
