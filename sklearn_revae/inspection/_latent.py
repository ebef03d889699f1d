"""Display of the latent codes of a label and of the priors of its classes."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.utils._optional_dependencies import check_matplotlib_support

from sklearn_revae._interventions.passage import transform
from sklearn_revae._typing import Ax, LabelName, Labels, ModelOrPipeline, Rows
from sklearn_revae.inspection._axes import axes_for, tidy, wrapped
from sklearn_revae.inspection._checks import check_length
from sklearn_revae.inspection._labels import label_classes, label_index
from sklearn_revae.inspection._models import fitted_model
from sklearn_revae.inspection._plane import ellipse, plane

# Standard deviations of a prior from its mean to the edge of its ellipse.
_ELLIPSE_REACH = 2.0
# The grey of unlabelled samples, from 0 (black) to 1 (white).
_UNLABELED_GREY = 0.7


class LatentDisplay:
    r"""Latent codes of samples for one label, and the prior of each class.

    Samples are points, coloured by class; unlabelled samples are grey. The conditional
    prior of each class, a normal distribution, is drawn as an ellipse that reaches two
    standard deviations from the mean:

    .. math::

        p(z_l \mid y_l = k) = N(z_l; \mu_{lk}, \mathrm{diag}(\sigma_{lk}^2)),

    where :math:`z_l` are the latent dimensions of label :math:`y_l`, :math:`k` is one of
    its classes, and :math:`\mu_{lk}` and :math:`\sigma_{lk}` are the `means` and the
    `scales` of that class.

    If the label has more than two latent dimensions, samples and priors are projected
    onto the first two principal components of the samples. If it has only one, that
    dimension is the horizontal axis, and each class has a row of points and a bar for
    its prior.

    It is recommended to create this display with :meth:`from_estimator`. All parameters
    are stored as attributes.

    .. versionadded:: 0.2

    Parameters
    ----------
    latents : ndarray of shape (n_samples, label_dim)
        Latent codes of the samples for the label.
    means, scales : ndarray of shape (n_classes, label_dim)
        Mean and standard deviation of the prior of each class.
    values : array-like of shape (n_classes,)
        The classes.
    label_name : str
        Name of the label.
    codes : ndarray of int of shape (n_samples,), default=None
        Index in `values` of the class of each sample, -1 for unlabelled samples. If
        None, all samples are unlabelled.

    Attributes
    ----------
    scatter_ : matplotlib PathCollection
        The samples, unlabelled ones first.
    priors_ : list of matplotlib Patch
        An ellipse, or for a single latent dimension a bar, for each class.
    text_ : list of matplotlib Text
        The names of the classes at the means of their priors. Empty for a single latent
        dimension.
    ax_ : matplotlib Axes
        Axes with the samples.
    figure_ : matplotlib Figure
        Figure containing the Axes.

    Raises
    ------
    ValueError
        If the shapes of the arrays do not match.

    References
    ----------
    .. [1] T. Joy et al., "Capturing Label Characteristics in VAEs", ICLR 2021,
       arXiv:2006.10102. Introduces characteristic latents and their conditional prior.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_revae.inspection import LatentDisplay
    >>> latents, means = np.zeros((5, 2)), np.array([[-2.0, 0.0], [2.0, 0.0]])
    >>> display = LatentDisplay(
    ...     latents, means, np.ones((2, 2)), values=["no", "yes"], label_name="smile"
    ... ).plot()
    >>> float(display.priors_[1].width)
    4.0
    """

    def __init__(
        self,
        latents: NDArray[Any],
        means: NDArray[Any],
        scales: NDArray[Any],
        *,
        values: Sequence[Any] | NDArray[Any],
        label_name: str,
        codes: NDArray[Any] | None = None,
    ) -> None:
        self.latents = latents
        self.means = means
        self.scales = scales
        self.values = values
        self.label_name = label_name
        self.codes = codes
        expected = (len(values), np.shape(latents)[1])
        for name, array in (("means", means), ("scales", scales)):
            if np.shape(array) != expected:
                raise ValueError(
                    f"{name} must have the shape (n_classes, label_dim) = {expected}, "
                    f"got {np.shape(array)}."
                )
        if codes is not None:
            check_length(codes, "codes", len(latents), "sample in latents")

    @classmethod
    def from_estimator(
        cls,
        estimator: ModelOrPipeline,
        X: Rows,
        y: Labels | None = None,
        *,
        label: LabelName = 0,
        ax: Ax = None,
    ) -> Self:
        """Draw the latent codes of samples for a label of a fitted model.

        The priors are the `means` and `scales` of the estimator's
        ``module_.label_model``.

        .. versionadded:: 0.2

        Parameters
        ----------
        estimator : ReVAEClassifier, ReVAETransformer or Pipeline
            Fitted model, or a fitted Pipeline that ends with one.
        X : array-like of shape (n_samples, n_features)
            Samples, in the units of the training data.
        y : array-like of shape (n_samples,) or (n_samples, n_labels), default=None
            Labels of the samples, as in `fit`. Unlabelled samples are drawn in grey. If
            None, all samples are.
        label : str or int, default=0
            Name or index of the label.
        ax : matplotlib Axes, default=None
            Axes to draw on. If None, a new figure is created.

        Returns
        -------
        display : LatentDisplay
            The display, already drawn.

        Raises
        ------
        ValueError
            If the model has no such label, or if y contains an unknown class or has
            another length than X.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from sklearn_revae import ReVAEClassifier
        >>> from sklearn_revae.inspection import LatentDisplay
        >>> X, y = load_iris(return_X_y=True)
        >>> model = ReVAEClassifier(max_iter=20, random_state=0).fit(X, y)
        >>> display = LatentDisplay.from_estimator(model, X, y)
        >>> display.latents.shape
        (150, 3)
        """
        check_matplotlib_support(f"{cls.__name__}.from_estimator")
        steps, model = fitted_model(estimator)
        index = label_index(model, label)
        prior = model.module_.label_model
        values, codes = label_classes(model, index), None
        latents = model.transform(transform(steps, X))
        if y is not None:
            codes = model._labels.encode(y)[:, index]
            check_length(codes, "y", len(latents), "sample in X")
        block = slice(index * model.label_dim_, (index + 1) * model.label_dim_)
        return cls(
            latents[:, block],
            prior.means[index, : len(values)].detach().cpu().numpy(),
            prior.scales[index, : len(values)].detach().cpu().numpy(),
            values=values,
            label_name=model.label_names_[index],
            codes=codes,
        ).plot(ax=ax)

    def plot(self, *, ax: Ax = None) -> Self:
        """Draw the samples and the priors.

        .. versionadded:: 0.2

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on. If None, a new figure is created.

        Returns
        -------
        display : LatentDisplay
            The display itself.

        Examples
        --------
        >>> import numpy as np
        >>> from sklearn_revae.inspection import LatentDisplay
        >>> one = np.ones((2, 1))
        >>> LatentDisplay(one, one, one, values=[0, 1], label_name="smile").plot()
        <...LatentDisplay object at ...>
        """
        check_matplotlib_support(f"{type(self).__name__}.plot")
        from matplotlib import colormaps

        n_values = len(self.values)
        few = n_values <= 10
        palette = colormaps["tab10" if few else "gist_rainbow"]
        colors = palette(np.arange(n_values) if few else np.linspace(0, 1, n_values))
        new_figure = ax is None
        self.ax_ = ax = axes_for(ax, (5.6, 4.8))
        if self.latents.shape[1] == 1:
            self._plot_line(ax, colors)
        else:
            self._plot_plane(ax, colors)
            if new_figure:
                _fit_figure(ax)
        tidy(ax)
        self.figure_ = ax.figure
        return self

    def _codes(self):
        return np.full(len(self.latents), -1) if self.codes is None else self.codes

    def _plot_samples(self, ax, x, y, colors):
        """Scatter the samples, unlabelled ones first and therefore below the others."""
        codes = self._codes()
        # Code -1 picks the last colour, the grey.
        shades = np.concatenate([colors, [(*[_UNLABELED_GREY] * 3, 1.0)]])
        order = np.argsort(codes >= 0, kind="stable")
        self.scatter_ = ax.scatter(
            x[order], y[order], s=14, c=shades[codes[order]], alpha=0.7, linewidths=0
        )

    def _plot_plane(self, ax, colors):
        from matplotlib.lines import Line2D
        from matplotlib.patches import Ellipse
        from matplotlib.patheffects import withStroke

        directions = plane(self.latents)
        projected, centres = self.latents @ directions.T, self.means @ directions.T
        self._plot_samples(ax, projected[:, 0], projected[:, 1], colors)
        self.priors_, self.text_ = [], []
        for value, centre, scale, color in zip(
            self.values, centres, self.scales, colors, strict=True
        ):
            (major, minor), angle = ellipse(directions, scale)
            patch = Ellipse(
                centre,
                2 * _ELLIPSE_REACH * major,
                2 * _ELLIPSE_REACH * minor,
                angle=angle,
                facecolor="none",
                edgecolor=color,
                linewidth=1.5,
            )
            self.priors_.append(ax.add_patch(patch))
            self.text_.append(
                ax.text(
                    *centre,
                    str(value),
                    ha="center",
                    va="center",
                    color=color,
                    fontweight="bold",
                    path_effects=[withStroke(linewidth=3, foreground="white")],
                )
            )
        if (self._codes() < 0).any():
            color = str(_UNLABELED_GREY)
            grey = Line2D([], [], color=color, marker="o", ms=4, ls="none")
            ax.legend([grey], ["unlabelled"], fontsize="small")
        ax.autoscale_view()
        ax.set_aspect("equal", adjustable="datalim")
        name = self.label_name
        if self.latents.shape[1] == 2:
            ax.set(xlabel=wrapped(f"{name}_0"), ylabel=wrapped(f"{name}_1"))
        else:
            explained = projected.var(axis=0) / self.latents.var(axis=0).sum()
            first, second = (f"({ratio:.0%} of variance)" for ratio in explained)
            ax.set(
                xlabel=wrapped(f"{name}, 1st principal component {first}"),
                ylabel=wrapped(f"{name}, 2nd principal component {second}"),
            )

    def _plot_line(self, ax, colors):
        n_values, latents = len(self.values), self.latents[:, 0]
        codes = self._codes()
        # One line per class from the top down, and unlabelled samples below them.
        self._plot_samples(ax, latents, np.where(codes < 0, n_values, codes), colors)
        bars = ax.barh(
            range(n_values),
            2 * _ELLIPSE_REACH * self.scales[:, 0],
            left=self.means[:, 0] - _ELLIPSE_REACH * self.scales[:, 0],
            height=0.6,
            color=colors,
            alpha=0.25,
        )
        # Otherwise the bars would end exactly at the limits of the Axes.
        ax.use_sticky_edges = False
        ax.autoscale_view()
        self.priors_, self.text_ = list(bars), []
        names = [str(value) for value in self.values]
        if (codes < 0).any():
            names.append("unlabelled")
        ax.set_yticks(range(len(names)), names)
        ax.set_ylim(len(names) - 0.4, -0.6)
        ax.set(xlabel=wrapped(f"{self.label_name}_0"), ylabel=wrapped(self.label_name))


def _fit_figure(ax):
    """Give the figure the proportions of the data, so that equal units waste no room."""
    width, height = (np.ptp(limits) for limits in (ax.get_xlim(), ax.get_ylim()))
    side = 4.2
    wide = np.clip(side * width / height, 0.7 * side, 1.9 * side)
    # Tick labels and axis labels need about as much room on both sides.
    ax.figure.set_size_inches(wide + 0.7, side + 0.6)
