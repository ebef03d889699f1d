"""ReVAERegressor, the semi-supervised regressor."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, Self, overload

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from sklearn.base import RegressorMixin
from sklearn.metrics import r2_score
from sklearn.utils import check_consistent_length

from sklearn_revae._base import BaseReVAE
from sklearn_revae._data.file_names import in_order_of, weights_in_order_of
from sklearn_revae._data.label_numbers import LabelNumbers
from sklearn_revae._data.tensors import like
from sklearn_revae._docstrings import document_estimator
from sklearn_revae._imputation.mixin import ImputationMixin
from sklearn_revae._inference.blocks import by_blocks
from sklearn_revae._inference.chunked import apply
from sklearn_revae._interventions.numbers import NumberEditingMixin
from sklearn_revae._members import REGRESSION_MEMBERS
from sklearn_revae._model.number_model import NumberModel
from sklearn_revae._parameters import validates_parameters
from sklearn_revae._regressor_parameters import REGRESSOR_PARAMETERS
from sklearn_revae._typing import (
    Auto,
    Labels,
    RandomState,
    Rows,
    Weights,
)


@document_estimator
class ReVAERegressor(NumberEditingMixin, ImputationMixin, RegressorMixin, BaseReVAE):
    r"""Semi-supervised regressor that can also change the target of a sample.

    It is a variational autoencoder, trained on labelled and unlabelled samples together.
    Its latent space has separate dimensions for the *characteristics* of each target,
    which depend on it linearly, and for everything else. The regressor therefore also
    provides latent codes (:meth:`transform`) and counterfactual samples: what a sample
    would look like with another number (:meth:`intervene`).

    Unlabelled samples are marked in y by NaN or None; -1 is a number like any other. The
    features and y are scaled internally, so there is no need to standardise them.

    .. versionadded:: 0.2

    Parameters
    ----------
    {regressor_parameters}

    Attributes
    ----------
    {regressor_attributes}

    See Also
    --------
    ReVAEClassifier : The same model for labels that are classes.
    sklearn.gaussian_process.GaussianProcessRegressor : Also returns standard deviations,
        and learns from labelled samples only.

    Notes
    -----
    A target y is standardised by the weighted mean and standard deviation of the labelled
    samples. The prior of its characteristic latents :math:`z_l` is a line,

    .. math::

        p(y) = N(0, 1), \qquad p(z_l|y) = N(m + w y, \operatorname{diag}(s^2))

    with learned m, w and s. The predictor q(y|z) is its Gaussian posterior and
    :math:`p(z_l)` a Gaussian, both in closed form. Everything else is as in
    :class:`ReVAEClassifier`.

    References
    ----------
    .. [1] T. Joy, S. M. Schmon, P. H. S. Torr, N. Siddharth, T. Rainforth, "Capturing
       Label Characteristics in VAEs", ICLR 2021, arXiv:2006.10102.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import make_regression
    >>> from sklearn_revae import ReVAERegressor
    >>> X, y = make_regression(200, 5, noise=5.0, random_state=0)
    >>> few = np.full_like(y, np.nan)
    >>> few[::5] = y[::5]
    >>> model = ReVAERegressor(max_iter=50, random_state=0).fit(X, few)
    >>> model.score(X, y) > 0.8
    True
    >>> raised = model.intervene(X[:1], 100.0)
    >>> bool(model.predict(raised)[0] > model.predict(X[:1])[0])
    True
    """

    _parameter_constraints: dict = {
        name: parameter.constraints for name, parameter in REGRESSOR_PARAMETERS.items()
    }
    _needs_labels = True
    _label_kind = LabelNumbers
    _label_model = NumberModel
    _members = REGRESSION_MEMBERS

    def __init__(
        self,
        hidden_layer_sizes: ArrayLike | Auto = "auto",
        *,
        n_members: int | Auto = "auto",
        label_dim: int | Auto = "auto",
        style_dim: int | Auto = "auto",
        likelihood: str | ArrayLike | Mapping[Any, str] = "auto",
        label_weight: float | Auto = "auto",
        consistency_weight: float | Auto = "auto",
        edit_weight: float | Auto = "auto",
        encoder: torch.nn.Module | Auto = "auto",
        decoder: torch.nn.Module | Auto = "auto",
        image_shape: Sequence[int] | None = None,
        views: Callable[[torch.Tensor], torch.Tensor] | Auto | None = "auto",
        max_iter: int | Auto = "auto",
        batch_size: int | Auto = "auto",
        learning_rate_init: float | Auto = "auto",
        early_stopping: bool | float = False,
        n_iter_no_change: int = 10,
        warm_start: bool = False,
        callbacks: Sequence[Any] | None = None,
        device: str | torch.device = "auto",
        random_state: RandomState = None,
        verbose: bool | int | Auto = "auto",
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.n_members = n_members
        self.label_dim = label_dim
        self.style_dim = style_dim
        self.likelihood = likelihood
        self.label_weight = label_weight
        self.consistency_weight = consistency_weight
        self.edit_weight = edit_weight
        self.encoder = encoder
        self.decoder = decoder
        self.image_shape = image_shape
        self.views = views
        self.max_iter = max_iter
        self.batch_size = batch_size
        self.learning_rate_init = learning_rate_init
        self.early_stopping = early_stopping
        self.n_iter_no_change = n_iter_no_change
        self.warm_start = warm_start
        self.callbacks = callbacks
        self.device = device
        self.random_state = random_state
        self.verbose = verbose

    @validates_parameters
    def fit(self, X: Rows, y: Labels, sample_weight: Weights | None = None) -> Self:
        """Fit the model to labelled and unlabelled samples.

        .. versionadded:: 0.2

        Parameters
        ----------
        {X}
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            Numbers, with one column per target. NaN and None mark entries that are not
            labelled.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples in the loss, and in the mean and the standard deviation
            of y. Only their ratios matter. A sample of weight 0 is ignored entirely. If
            None, all weights are 1. For a folder of images, a dict or a pandas Series can
            name the file of each weight.

        Returns
        -------
        self : ReVAERegressor
            The fitted estimator.

        Raises
        ------
        ValueError
            If a parameter, X, y or `sample_weight` is invalid, or a target has no
            labelled sample. This is checked before training starts.
        {fit_errors}

        Examples
        --------
        >>> from sklearn.datasets import load_diabetes
        >>> from sklearn_revae import ReVAERegressor
        >>> X, y = load_diabetes(return_X_y=True)
        >>> model = ReVAERegressor(max_iter=2, random_state=0).fit(X, y)
        >>> model.n_iter_
        2
        """
        return self._fit(X, y, sample_weight, resume=self._resumes)

    @overload
    def predict(
        self, X: Rows, return_std: Literal[False] = False
    ) -> NDArray[np.float64]: ...
    @overload
    def predict(
        self, X: Rows, return_std: Literal[True]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]: ...
    @by_blocks
    def predict(self, X: Rows, return_std: bool = False) -> Any:
        r"""Predict the number of each sample.

        It is the mean over the ensemble members of E[y|x].

        .. versionadded:: 0.2

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Samples, in the units of the training data.
        return_std : bool, default=False
            Whether to return the standard deviation of the prediction as well.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_targets)
            The predicted numbers, in the units of the y of :meth:`fit`.
        y_std : ndarray of the same shape
            Their standard deviations. Only returned if `return_std` is True.

        Notes
        -----
        Every member predicts a Gaussian, whose variance is that of the noise of y plus
        that which the uncertainty of the latent code brings. The standard deviation is
        that of the mixture of the members: its variance is the mean of their variances
        plus the variance of their means.

        The noise is the mean squared error for labelled samples that a member does not
        learn from in the first 60 % of the training, less the variance of the latent
        code's part. With fewer than ten labelled samples, a single member or samples that
        are not in memory, nothing is left out, and the standard deviation is too small,
        because members can learn the labels by heart.

        Examples
        --------
        >>> from sklearn.datasets import load_diabetes
        >>> from sklearn_revae import ReVAERegressor
        >>> X, y = load_diabetes(return_X_y=True)
        >>> model = ReVAERegressor(max_iter=20, random_state=0).fit(X, y)
        >>> mean, std = model.predict(X[:3], return_std=True)
        >>> mean.shape, bool((std > 0).all())
        ((3,), True)
        """
        x = self._scaled(X)
        means = apply(self.module_, _means, x)
        predicted = self._labels.decode(means.mean(1))
        if not return_std:
            return like(X, predicted)
        variance = apply(self.module_, _variances, x).mean(1) + means.var(1)
        spread = self._labels.decode_spread(np.sqrt(variance))
        return like(X, predicted), like(X, spread)

    def score(self, X: Rows, y: Labels, sample_weight: Weights | None = None) -> float:
        """Return the coefficient of determination, R2, over the labelled entries of y.

        .. versionadded:: 0.2

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Samples, in the units of the training data.
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            True numbers. Unlabelled entries are ignored.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples.

        Returns
        -------
        r2 : float
            R2 of :meth:`predict`; for several targets, the mean over them. NaN for fewer
            than two labelled samples, as of :func:`sklearn.metrics.r2_score`.

        Raises
        ------
        ValueError
            If a target has no labelled sample, or `sample_weight` is invalid.

        Examples
        --------
        >>> import numpy as np
        >>> from sklearn.datasets import load_diabetes
        >>> from sklearn_revae import ReVAERegressor
        >>> X, y = load_diabetes(return_X_y=True)
        >>> model = ReVAERegressor(max_iter=20, random_state=0).fit(X, y)
        >>> y[::2] = np.nan
        >>> model.score(X, y) > 0.4
        True
        """
        x = self._scaled(X)
        y = in_order_of(x.values, y)
        weight = weights_in_order_of(x.values, sample_weight)
        check_consistent_length(x, y)
        cells = self._labels.cells(y)
        predicted = self._labels.decode(apply(self.module_, _means, x).mean(1))
        scores = []
        for name, true, column in zip(
            self.label_names_, cells.T, predicted.reshape(cells.shape).T, strict=True
        ):
            seen = ~np.isnan(true)
            if not weight[seen].any():
                raise ValueError(
                    "score needs at least two labelled samples of positive weight, but "
                    f"every entry of y for {name} is unlabelled or has a weight of zero."
                )
            scores.append(r2_score(true[seen], column[seen], sample_weight=weight[seen]))
        return float(np.mean(scores))

    def _read_labels(self, y, weight, classes, first):
        """Return standardised numbers (n, L) of y, and no evidence of classes."""
        if y is None:
            raise ValueError(
                f"This {type(self).__name__} estimator requires y to be passed, but the "
                "target y is None."
            )
        if first:
            self._labels = LabelNumbers().fit(y, weight)
        numbers = self._labels.encode(y)
        if not first:
            self._labels.warn_of_far(numbers)
        return numbers, np.empty((0, 0))

    def _sample_weight(self, codes, weight, one_epoch):
        """Return the weight (n,) of each sample, which does not depend on its number."""
        return weight

    def _count_labels(self, samples, module, accumulate):
        """Do nothing: standardised numbers all have the same prior."""

    def _settle_labels(self, module):
        """Set nothing else: a number has neither classes nor exclusions."""


def _means(module, rows):
    """E[y|x] of each member: (n, M, L)."""
    return module.member_predictions(rows).squeeze(-1).transpose(0, 1)


def _variances(module, rows):
    """Variance of q(y|x) of each member: (n, M, L)."""
    variances = []
    for member in module.members:
        _, scale = member.encode(rows)
        variances.append(member.label_model.predicted_variance(member.blocks(scale)))
    return torch.stack(variances, dim=1)
