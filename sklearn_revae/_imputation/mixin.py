"""Missing values replaced by decoded ones: the mixin with impute."""

from typing import Any, overload

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import validate_parameter_constraints

from sklearn_revae._data.chunks import dense
from sklearn_revae._inference.arguments import AT_LEAST_ONE
from sklearn_revae._inference.chunked import apply
from sklearn_revae._inference.latents import LatentsMixin, decoded_rows
from sklearn_revae._model.objective import sample_posterior
from sklearn_revae._random import draw_seed, generator
from sklearn_revae._typing import ArrayRows, Container, RandomState, Rows

_CONSTRAINTS = {"n_samples": [AT_LEAST_ONE, None]}


class ImputationMixin(LatentsMixin):
    """The method `impute` of a fitted estimator."""

    @overload
    def impute(
        self,
        X: Container,
        *,
        n_samples: None = None,
        random_state: RandomState = None,
    ) -> Container: ...
    @overload
    def impute(
        self,
        X: ArrayRows,
        *,
        n_samples: int | None = None,
        random_state: RandomState = None,
    ) -> NDArray[Any]: ...
    def impute(
        self, X: Rows, *, n_samples: int | None = None, random_state: RandomState = None
    ) -> Any:
        """Fill in missing values and keep all others.

        .. versionadded:: 0.2

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Samples, in the units of the training data. NaN, None and pandas' NA are
            missing values.
        n_samples : int, default=None
            Number of draws per sample. Latent codes z are drawn from q(z|x), which
            depends on the observed values, and missing values from p(x|z). If None,
            expected values are filled in, and the most likely category.
        random_state : int, RandomState instance or None, default=None
            Seed of the draws. Nothing is drawn if `n_samples` is None.

        Returns
        -------
        X_new : array-like of shape (n_samples, n_features) \
                or (n_samples, `n_samples`, n_features)
            X without missing values, in its container, dtypes and units. Observed values
            are exactly those of X, except for those that are treated as missing:
            categories that `fit` has not seen, and repeated far values such as -999 that
            look like a code for missing values in `fit`. With the parameter `n_samples`,
            the result is an array of floats, or of objects if X has categories or
            integers beyond 2**53.

        Raises
        ------
        ValueError
            If `n_samples` is not a positive integer, or X does not have the features of
            the training data.

        Notes
        -----
        Train on data that contain missing values if you want to impute: only then the
        encoder learns to distinguish a missing value from an average one.

        Only observed values enter the ELBO that is maximised in training [1]_.

        The decoder treats the features as independent given z, but its errors are
        correlated. The errors of the observed values therefore correct the imputed values
        of up to 256 continuous features, by a linear regression. Its covariances are
        estimated by expectation maximisation from incomplete samples [2]_. This
        correction contributes much of the accuracy, so that a small model, trained for a
        few epochs, is sufficient if you only need imputation. Draws are then mapped
        to the quantiles of the training data, as those of `sample` are.

        References
        ----------
        .. [1] P.-A. Mattei, J. Frellsen, "MIWAE: Deep Generative Modelling and
           Imputation of Incomplete Data Sets", ICML 2019.
        .. [2] R. J. A. Little, D. B. Rubin, "Statistical Analysis with Missing Data",
           Wiley 2002. Treats normal data with a general pattern of missing values.

        Examples
        --------
        >>> import numpy as np
        >>> from sklearn.datasets import load_iris
        >>> from sklearn_revae import ReVAETransformer
        >>> X = load_iris().data
        >>> X[::5, 2] = X[::7, 3] = np.nan
        >>> model = ReVAETransformer(max_iter=100, random_state=0).fit(X)
        >>> model.impute([[6.3, 2.9, np.nan, np.nan]]).round(0)
        array([[6., 3., 5., 2.]])
        """
        validate_parameter_constraints(_CONSTRAINTS, {"n_samples": n_samples}, "impute")
        rows = self._scaled(X)
        own = dense(rows.values)[:, None]
        missing = np.isnan(rows.scaling.without_codes(own))
        if missing.any():
            filled = np.where(missing, self._imputed(rows, n_samples, random_state), own)
        else:
            # Values too far from those in fit are refused, as by every method.
            rows.scaling.transform(rows.values)
            # Nothing is drawn, and so no generator of random numbers advances.
            filled = np.repeat(own.astype(np.float64), n_samples or 1, axis=1)
        if n_samples is None:
            return self._codec.restore(filled[:, 0], X, own[:, 0])
        return self._codec.restore_draws(filled, X, rows.values)

    def _imputed(self, rows, n_samples, random_state):
        """Expected values, or draws, of all features in X's units: (n, m, n_features)."""
        scaling = self._codec.scaling_
        if n_samples is not None:
            drawn = self._draw_rows(rows, n_samples, check_random_state(random_state))
            return scaling.inverse_transform(drawn)
        decoded = decoded_rows(self.module_, rows)
        if self._residuals is not None:
            decoded = self._residuals.correct(rows[:], decoded)
        # A value outside the range that fit has seen is not a plausible expectation.
        return scaling.clip_to_seen(scaling.inverse_transform(decoded[:, None]))

    def _draw_rows(self, rows, n_samples, random):
        """Draws (n, n_samples, n_features) of scaled rows, given the observed values."""
        noise = generator(draw_seed(random))

        def draw(module, x):
            z = sample_posterior(*module.encode(x), n_samples, noise)
            return module.likelihood.sample(module.decode(z), noise).transpose(0, 1)

        drawn = apply(self.module_, draw, rows)
        if self._residuals is not None:
            # p(x|z) would draw the continuous features independently; these are joint.
            joint = self._residuals.correct(
                rows[:], decoded_rows(self.module_, rows), n_samples, random
            )
            columns = self._residuals.columns_
            drawn[..., columns] = joint[..., columns]
        codes = self._statistic("codes")
        return drawn if codes is None else codes.continuous_as_seen(drawn)
