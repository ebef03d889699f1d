"""Latents of rows and rows of latents, and how likely a row is: the mixin."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import TransformerMixin
from sklearn.utils import check_array
from sklearn.utils.validation import _check_feature_names_in, check_is_fitted

from sklearn_revae._data.chunks import float_dtype
from sklearn_revae._inference.chunked import apply
from sklearn_revae._inference.density import row_bounds
from sklearn_revae._typing import Rows


class LatentsMixin(TransformerMixin):
    """What a fitted model says of single rows."""

    def _scaled(self, X):
        """Validated X as :class:`ScaledRows`."""
        check_is_fitted(self)
        return self._codec.transform(X, self)

    def _codes_of(self, x):
        """Predicted codes (n, L) of scaled rows."""
        return apply(self.module_, lambda m, r: m.log_class_probabilities(r), x).argmax(
            -1
        )

    def transform(self, X: Rows) -> NDArray[Any]:
        """Latents of each row: the mean of q(z|x), characteristic latents first.

        .. versionadded:: 0.1

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows, in the units of the training data.

        Returns
        -------
        Z : ndarray of shape (n_samples, n_latents)
            `label_dim_` latents for each label in turn, then `style_dim_` others.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from sklearn_revae import ReVAETransformer
        >>> X, y = load_iris(return_X_y=True)
        >>> model = ReVAETransformer(max_iter=2, random_state=0).fit(X, y)
        >>> model.transform(X).shape
        (150, 5)
        """
        x = self._scaled(X)
        latents = apply(self.module_, lambda m, r: m.encode(r)[0], x)
        return latents.astype(float_dtype(x.values))

    def inverse_transform(self, Z: ArrayLike) -> NDArray[Any]:
        """Rows that latents decode to, E[x|z].

        .. versionadded:: 0.1

        Parameters
        ----------
        Z : array-like of shape (n_samples, n_latents)
            Latents, ordered as :meth:`transform` returns them.

        Returns
        -------
        X : ndarray of shape (n_samples, n_features)
            Rows, in the units of the training data.

        Raises
        ------
        ValueError
            If `Z` has another number of columns.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from sklearn_revae import ReVAETransformer
        >>> X, y = load_iris(return_X_y=True)
        >>> model = ReVAETransformer(max_iter=2, random_state=0).fit(X, y)
        >>> model.inverse_transform(model.transform(X)).shape
        (150, 4)
        """
        check_is_fitted(self)
        latents = check_array(Z, dtype=(np.float64, np.float32), input_name="Z")
        if latents.shape[1] != self._n_features_out:
            raise ValueError(
                f"Z has {latents.shape[1]} columns, but the model has "
                f"{self._n_features_out} latents: pass what transform returned."
            )
        decoded = apply(self.module_, lambda m, z: m.expected_row(z), latents)
        return self._codec.as_array(decoded, latents.dtype)

    @property
    def _n_features_out(self):
        return self.module_.latent_dim

    def get_feature_names_out(
        self, input_features: ArrayLike | None = None
    ) -> NDArray[Any]:
        """Names of the latents that :meth:`transform` returns.

        .. versionadded:: 0.1

        Parameters
        ----------
        input_features : array-like of str or None, default=None
            Only compared with the names seen in fit.

        Returns
        -------
        names : ndarray of str
            `<label>_0`, `<label>_1`, ... for each label, then `style_0`, ...

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from sklearn_revae import ReVAETransformer
        >>> X, y = load_iris(return_X_y=True)
        >>> model = ReVAETransformer(max_iter=2, random_state=0).fit(X, y)
        >>> list(model.get_feature_names_out())
        ['label_0_0', 'label_0_1', 'label_0_2', 'style_0', 'style_1']
        """
        check_is_fitted(self)
        _check_feature_names_in(self, input_features)
        names = [
            f"{label}_{j}" for label in self.label_names_ for j in range(self.label_dim_)
        ]
        names += [f"style_{j}" for j in range(self.style_dim_)]
        return np.array(names, dtype=object)

    def score_samples(self, X: Rows) -> NDArray[np.float64]:
        """Lower bound on log p(x) of every row, its labels unknown.

        .. versionadded:: 0.1

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows, in the units of the training data.

        Returns
        -------
        bound : ndarray of shape (n_samples,)
            In nats, of the density in X's own units; Bernoulli columns count as
            log-probabilities. Low values mark rows unlike the training data.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from sklearn_revae import ReVAETransformer
        >>> X, y = load_iris(return_X_y=True)
        >>> model = ReVAETransformer(max_iter=100, random_state=0).fit(X, y)
        >>> typical, strange = model.score_samples([X[0], 10 * X[0]])
        >>> bool(typical > strange)
        True
        """
        return row_bounds(self.module_, self._scaled(X), self.unlabeled_bound)
