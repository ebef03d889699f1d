"""Fill in what rows do not tell: the mixin with impute."""

from typing import Any, overload

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_random_state

from sklearn_revae._data.chunks import dense
from sklearn_revae._imputation.residuals import decoded_rows
from sklearn_revae._inference.chunked import apply
from sklearn_revae._inference.latents import LatentsMixin
from sklearn_revae._model.objective import sample_posterior
from sklearn_revae._random import draw_seed, generator
from sklearn_revae._typing import ArrayRows, Container, RandomState, Rows
from sklearn_revae._validation import check_n_samples


class ImputationMixin(LatentsMixin):
    """Missing values of a fitted ReVAE; mixed into both estimators."""

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
        """Rows with their missing values filled in, the others as they are.

        .. versionadded:: 0.2

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows, in the units of the training data; NaN, None or pandas' NA where
            missing.
        n_samples : int, default=None
            Number of draws a row, from p(x|z) with z from q(z|x), the posterior given
            what is there. None takes the expected value, and the likeliest level of a
            category.
        random_state : int, RandomState instance or None, default=None
            Decides the draws. Nothing is drawn without `n_samples`.

        Returns
        -------
        X_new : array-like of shape (n_samples, n_features) \
                or (n_samples, `n_samples`, n_features)
            Of X's type and units; a DataFrame keeps its columns and index. With
            `n_samples`, an array.

        Raises
        ------
        ValueError
            If `n_samples` is no positive integer, or X is not like the training data.

        Notes
        -----
        A model fitted on rows with gaps fills them better: its encoder has learned to
        tell a value that is missing from one of middle size.

        What the decoder's errors at known values tell of those at missing ones is added
        to up to 256 continuous columns: their covariance is found by expectation
        maximisation over rows with gaps [2]_. That rule does much of the work, so a small
        model of few epochs will do where gaps are to be filled and nothing else.

        References
        ----------
        .. [1] P.-A. Mattei, J. Frellsen, "MIWAE: Deep Generative Modelling and
           Imputation of Incomplete Data Sets", ICML 2019: the bound over observed values.
        .. [2] R. J. A. Little, D. B. Rubin, "Statistical Analysis with Missing Data",
           Wiley 2002: normal data with a general pattern of missing values.

        Examples
        --------
        >>> import numpy as np
        >>> from sklearn.datasets import load_iris
        >>> from sklearn_revae import ReVAETransformer
        >>> X = load_iris().data
        >>> X[::5, 2] = X[::7, 3] = np.nan
        >>> model = ReVAETransformer(max_iter=300, random_state=0).fit(X)
        >>> model.impute([[5.0, 3.4, np.nan, np.nan]]).round(0)
        array([[5., 3., 1., 0.]])
        """
        check_n_samples(n_samples)
        rows = self._scaled(X)
        random = check_random_state(random_state)
        if n_samples is None:
            decoded = decoded_rows(self.module_, rows)
            if self._residuals is not None:
                decoded = self._residuals.correct(rows[:], decoded)
            decoded = decoded[:, None]
        else:
            decoded = self._draw_rows(rows, n_samples, random)
        own = dense(rows.values)[:, None]
        scaling = self._codec.scaling_
        imputed = scaling.inverse_transform(decoded)
        if n_samples is None:
            # A single value outside the range seen in fit would be a wild guess.
            imputed = scaling.clip_to_seen(imputed)
        filled = np.where(np.isnan(own), imputed, own)
        if n_samples is None:
            return self._codec.restore(filled[:, 0], X, own[:, 0])
        return self._codec.restore_draws(filled, X, rows.values)

    def _draw_rows(self, rows, n_samples, random):
        """Draws (n, n_samples, n_features) of scaled rows given what is there."""
        noise = generator(draw_seed(random))

        def draw(module, x):
            z = sample_posterior(*module.encode(x), n_samples, noise)
            return module.likelihood.sample(module.decode(z), noise).transpose(0, 1)

        drawn = apply(self.module_, draw, rows)
        if self._residuals is not None:
            # These draw all values of a row together, where p(x|z) takes each alone.
            joint = self._residuals.correct(
                rows[:], decoded_rows(self.module_, rows), n_samples, random
            )
            columns = self._residuals.columns_
            drawn[..., columns] = joint[..., columns]
        return drawn
