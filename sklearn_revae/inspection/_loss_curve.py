"""Display of the loss and the validation score during training."""

from collections.abc import Sequence
from typing import Self

import numpy as np
from sklearn.utils._optional_dependencies import check_matplotlib_support

from sklearn_revae._typing import Ax, ModelOrPipeline
from sklearn_revae.inspection._axes import axes_for, tidy
from sklearn_revae.inspection._checks import check_length
from sklearn_revae.inspection._models import fitted_model


class LossCurveDisplay:
    """Training loss of each epoch, and the validation score if there is one.

    It is recommended to create this display with :meth:`from_estimator`. All parameters
    are stored as attributes.

    .. versionadded:: 0.2

    Parameters
    ----------
    loss_curve : array-like of shape (n_epochs,)
        Mean loss per sample of each epoch, in nats, for scaled features.
    negative_elbo : array-like of shape (n_epochs,), default=None
        Mean negative ELBO per sample of each epoch, the part of the loss without weights.
    validation_scores : array-like of shape (n_epochs,), default=None
        Accuracy on the held-out labelled samples after each epoch.

    Attributes
    ----------
    line_ : matplotlib Line2D
        The loss against the epoch, counted from 1.
    elbo_line_ : matplotlib Line2D or None
        The negative ELBO.
    score_line_ : matplotlib Line2D or None
        The validation score.
    ax_ : matplotlib Axes
        Axes of the loss.
    score_ax_ : matplotlib Axes or None
        Axes of the validation score, whose scale is on the right.
    figure_ : matplotlib Figure
        Figure containing the Axes.

    Raises
    ------
    ValueError
        If `negative_elbo` or `validation_scores` differs in length from `loss_curve`.

    Examples
    --------
    >>> from sklearn_revae.inspection import LossCurveDisplay
    >>> display = LossCurveDisplay([9.0, 7.5, 7.0]).plot()
    >>> display.line_.get_xdata().tolist()
    [1, 2, 3]
    """

    def __init__(
        self,
        loss_curve: Sequence[float],
        *,
        negative_elbo: Sequence[float] | None = None,
        validation_scores: Sequence[float] | None = None,
    ) -> None:
        self.loss_curve = loss_curve
        self.negative_elbo = negative_elbo
        self.validation_scores = validation_scores
        for name in ("negative_elbo", "validation_scores"):
            values = getattr(self, name)
            if values is not None:
                check_length(values, name, len(loss_curve), "epoch in loss_curve")

    @classmethod
    def from_estimator(cls, estimator: ModelOrPipeline, *, ax: Ax = None) -> Self:
        """Draw the training history of a fitted model.

        .. versionadded:: 0.2

        Parameters
        ----------
        estimator : ReVAEClassifier, ReVAERegressor, ReVAETransformer or Pipeline
            Fitted model, or a fitted Pipeline that ends with one.
        ax : matplotlib Axes, default=None
            Axes to draw on. If None, a new figure is created.

        Returns
        -------
        display : LossCurveDisplay
            The display, already drawn.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from sklearn_revae import ReVAEClassifier
        >>> from sklearn_revae.inspection import LossCurveDisplay
        >>> X, y = load_iris(return_X_y=True)
        >>> model = ReVAEClassifier(max_iter=3, random_state=0).fit(X, y)
        >>> LossCurveDisplay.from_estimator(model)
        <...LossCurveDisplay object at ...>
        """
        check_matplotlib_support(f"{cls.__name__}.from_estimator")
        _, model = fitted_model(estimator, classes=False)
        scores = [epoch.get("validation_score", np.nan) for epoch in model.history_]
        validated = bool(np.isfinite(scores).any())
        display = cls(
            list(model.loss_curve_),
            negative_elbo=[-epoch.get("bound", np.nan) for epoch in model.history_],
            validation_scores=scores if validated else None,
        )
        return display.plot(ax=ax)

    def plot(self, *, ax: Ax = None) -> Self:
        """Draw the curves.

        .. versionadded:: 0.2

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on. If None, a new figure is created.

        Returns
        -------
        display : LossCurveDisplay
            The display itself.

        Examples
        --------
        >>> from sklearn_revae.inspection import LossCurveDisplay
        >>> LossCurveDisplay([9.0, 7.5], validation_scores=[0.5, 0.6]).plot()
        <...LossCurveDisplay object at ...>
        """
        check_matplotlib_support(f"{type(self).__name__}.plot")
        ax = axes_for(ax, (6.0, 4.0))
        # A line of a single point is invisible without a marker.
        epochs = np.arange(1, len(self.loss_curve) + 1)
        marker = "o" if len(epochs) == 1 else None
        self.line_ = ax.plot(epochs, self.loss_curve, color="C0", marker=marker)[0]
        self.elbo_line_ = None
        if self.negative_elbo is not None:
            (self.elbo_line_,) = ax.plot(
                epochs, self.negative_elbo, color="C0", linestyle="--", marker=marker
            )
            lines = [self.line_, self.elbo_line_]
            ax.legend(lines, ["loss", "negative ELBO"], frameon=False)
        ax.set(xlabel="epoch", ylabel="loss [nats per sample]")
        ax.locator_params(axis="x", integer=True)
        tidy(ax)
        self.score_line_ = self.score_ax_ = None
        if self.validation_scores is not None:
            self.score_ax_ = ax.twinx()
            (self.score_line_,) = self.score_ax_.plot(
                epochs, self.validation_scores, color="C1", marker=marker
            )
            self.score_ax_.set_ylabel("validation score", color="C1")
            self.score_ax_.spines["top"].set_visible(False)
            ax.yaxis.label.set_color("C0")
        self.ax_, self.figure_ = ax, ax.figure
        return self
