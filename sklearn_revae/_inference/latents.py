"""Latent codes of samples, samples of latent codes, and densities: the mixin."""

from typing import Any, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import TransformerMixin
from sklearn.utils import check_array
from sklearn.utils.validation import _check_feature_names_in, check_is_fitted

from sklearn_revae._data.chunks import float_dtype
from sklearn_revae._data.tensors import like
from sklearn_revae._inference.blocks import by_blocks
from sklearn_revae._inference.chunked import apply
from sklearn_revae._inference.density import row_bounds
from sklearn_revae._typing import ArrayRows, Container, Rows


def decoded_rows(module, x):
    """E[x|z] (n, n_features) of scaled rows, where z is the mean of q(z|x)."""
    return apply(module, lambda m, rows: m.expected_row(m.encode(rows)[0]), x)


class LatentsMixin(TransformerMixin):
    """The methods of a fitted estimator that encode, decode and score samples."""

    def _scaled(self, X):
        """Validated X as :class:`ScaledRows`."""
        check_is_fitted(self)
        return self._codec.transform(X, self)

    def _codes_of(self, x):
        """Predicted codes (n, L) of scaled rows."""
        return apply(self.module_, lambda m, r: m.log_class_probabilities(r), x).argmax(
            -1
        )

    @by_blocks
    def transform(self, X: Rows) -> NDArray[Any]:
        """Encode samples: compute the mean of q(z|x).

        .. versionadded:: 0.1

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Samples, in the units of the training data.

        Returns
        -------
        Z : ndarray of shape (n_samples, n_latents)
            Latent codes: first the characteristic latents, `label_dim_` dimensions for
            each label in turn, and then the `style_dim_` style latents.

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
        return like(X, latents.astype(float_dtype(x.values)))

    def inverse_transform(self, X: ArrayLike) -> NDArray[Any]:
        """Decode latent codes back to feature space: compute E[x|z].

        .. versionadded:: 0.1

        .. versionchanged:: 0.2
           The parameter is called X, as in scikit-learn, and no longer Z.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_latents)
            Latent codes, with the dimensions in the order of :meth:`transform`.

        Returns
        -------
        X_new : ndarray of shape (n_samples, n_features)
            Samples, in the units of the training data: an array of floats, or of objects
            if the training data have categories.

        Raises
        ------
        ValueError
            If the number of columns of X differs from the number of latent dimensions.

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
        latents = check_array(X, dtype=(np.float64, np.float32), input_name="X")
        if latents.shape[1] != self._n_features_out:
            raise ValueError(
                f"X has {latents.shape[1]} columns, but the model has "
                f"{self._n_features_out} latent dimensions: pass what transform returned."
            )
        decoded = apply(self.module_, lambda m, z: m.expected_row(z), latents)
        return self._codec.as_array(decoded, latents.dtype)

    @overload
    def reconstruct(self, X: Container) -> Container: ...
    @overload
    def reconstruct(self, X: ArrayRows) -> NDArray[Any]: ...
    def reconstruct(self, X: Rows) -> Any:
        """Reconstruct samples by encoding and decoding them.

        The result is E[x|z], where z is the mean of q(z|x).

        .. versionadded:: 0.1

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Samples, in the units of the training data.

        Returns
        -------
        X_new : array-like of shape (n_samples, n_features)
            Reconstructions, in the container, the dtypes and the units of X.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from sklearn_revae import ReVAETransformer
        >>> X, y = load_iris(return_X_y=True)
        >>> model = ReVAETransformer(max_iter=2, random_state=0).fit(X, y)
        >>> model.reconstruct(X).shape
        (150, 4)
        """
        x = self._scaled(X)
        decoded = decoded_rows(self.module_, x)
        return self._codec.inverse_transform(decoded, X)

    @property
    def _n_features_out(self):
        return self.module_.latent_dim

    def get_feature_names_out(
        self, input_features: ArrayLike | None = None
    ) -> NDArray[Any]:
        """Return the names of the latent dimensions, the columns of `transform`.

        .. versionadded:: 0.1

        Parameters
        ----------
        input_features : array-like of str or None, default=None
            Not used, except that they must equal the feature names seen in fit, if both
            exist.

        Returns
        -------
        names : ndarray of str
            `<label>_0`, `<label>_1`, ... for each label, then `style_0`, `style_1`, ...
            If a label is called "style", the style latents are called `_style_0`,
            `_style_1`, ..., with as many underscores in front as make the names unique.

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
        # The names of two labels differ, and so do their names with a number behind.
        style = "style"
        while style in self.label_names_:
            style = f"_{style}"
        names = [
            f"{label}_{j}" for label in self.label_names_ for j in range(self.label_dim_)
        ]
        names += [f"{style}_{j}" for j in range(self.style_dim_)]
        return np.array(names, dtype=object)

    @by_blocks
    def score_samples(self, X: Rows) -> NDArray[np.float64]:
        r"""Compute a lower bound (ELBO) on log p(x) of each sample.

        The labels are treated as unknown. Low values mark samples that differ from the
        training data.

        .. versionadded:: 0.1

        .. versionchanged:: 0.2
           The density of the latent codes is learned from training samples, and all
           ensemble members contribute.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Samples, in the units of the training data.

        Returns
        -------
        scores : ndarray of shape (n_samples,)
            The ELBO in nats, averaged over the ensemble members and over draws from
            q(z|x) that are the same in every call. Continuous features contribute
            log-densities in the units of X, all others log-probabilities. Missing values
            do not contribute.

        Notes
        -----
        The score is the ELBO of the model
        :math:`p(x) = \int p(x|z) \, \hat p(z) \, dz`, estimated from draws of z,

        .. math::

            E_{q(z|x)}[\log p(x|z) + \log \hat p(z) - \log q(z|x)], \quad
            \hat p(z) = \frac{1}{n} \sum_i N(z; \mu_i, (1.5 s)^2 I)

        where :math:`\mu_i` is the mean of q(z|x) of one of up to 1,000 training samples,
        and s the root mean square of the scales of q(z|x), one number for each latent
        dimension. A sample with the code of one of these training samples is compared
        with all others. The prior p(z) that training assumes also covers latent codes
        that no training sample has; to estimate the density after training instead is
        known as ex-post density estimation [1]_.

        A model that was saved before version 0.2 stored codes keeps the prior p(z).

        References
        ----------
        .. [1] P. Ghosh, M. S. M. Sajjadi, A. Vergari, M. Black, B. Schölkopf, "From
           Variational to Deterministic Autoencoders", ICLR 2020, arXiv:1903.12436.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from sklearn_revae import ReVAETransformer
        >>> X, y = load_iris(return_X_y=True)
        >>> model = ReVAETransformer(max_iter=20, random_state=0).fit(X, y)
        >>> typical, strange = model.score_samples([X[0], 10 * X[0]])
        >>> bool(typical > strange)
        True
        """
        x = self._scaled(X)
        return row_bounds(self.module_, x, self._statistic("latent_density"))
