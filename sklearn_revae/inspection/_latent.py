"""The latents of a label, and the prior of its values."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.utils._optional_dependencies import check_matplotlib_support
from sklearn.utils.validation import check_is_fitted

from sklearn_revae._typing import Ax, LabelName, Labels, Model, Rows
from sklearn_revae.inspection._axes import axes_for, tidy
from sklearn_revae.inspection._labels import codes_of, label_classes, label_index
from sklearn_revae.inspection._plane import ellipse, plane

# Standard deviations of the prior that an ellipse reaches.
_REACH = 2.0
# A grey.
_UNLABELED = 0.7


class LatentDisplay:
    """Characteristic latents of rows, and the prior of each value of their label.

    Rows are points, coloured by their label, grey without one. Each value's prior
    p(z_l|y_l) is an ellipse around its mean that reaches two standard deviations. More
    than two latents are seen along their two principal directions, of which the first
    tells most of the rows' variance; the priors are seen along the same. A single latent
    is drawn along the horizontal axis, with a line of points and a bar for each value.

    Best made by :meth:`from_estimator`. All parameters are stored as attributes.

    .. versionadded:: 0.2

    Parameters
    ----------
    latents : ndarray of shape (n_samples, label_dim)
        The rows' latents of the label.
    means, scales : ndarray of shape (n_values, label_dim)
        Mean and standard deviation of the prior of each value.
    values : array-like of shape (n_values,)
        The values.
    label_name : str
        Name of the label.
    codes : ndarray of int of shape (n_samples,), default=None
        Place in `values` of each row's label, -1 where it has none. None: none has.

    Attributes
    ----------
    scatter_ : matplotlib PathCollection
        The rows, those without a label first.
    priors_ : list of matplotlib Patch
        An ellipse, or a bar, for each value.
    text_ : list of matplotlib Text
        The values' names, at their priors' means; empty for a single latent.
    ax_ : matplotlib Axes
        Axes of the points.
    figure_ : matplotlib Figure
        Figure of the Axes.

    Raises
    ------
    ValueError
        If the shapes do not fit.

    References
    ----------
    .. [1] T. Joy et al., "Capturing Label Characteristics in VAEs", ICLR 2021,
       arXiv:2006.10102: characteristic latents and their conditional prior.

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
        wanted = (len(values), np.shape(latents)[1])
        for name, array in (("means", means), ("scales", scales)):
            if np.shape(array) != wanted:
                raise ValueError(
                    f"{name} has shape {np.shape(array)}: pass an array of shape "
                    f"{wanted}, a row a value and a column a latent."
                )
        if codes is not None and len(codes) != len(latents):
            raise ValueError(
                f"codes has {len(codes)} entries, but latents has {len(latents)} rows: "
                "pass one for each."
            )

    @classmethod
    def from_estimator(
        cls,
        estimator: Model,
        X: Rows,
        y: Labels | None = None,
        *,
        label: LabelName = 0,
        ax: Ax = None,
    ) -> Self:
        """Draw the latents that a model gives rows for a label.

        The prior is that of the estimator's `module_.label_model`, its `means` and
        `scales`.

        .. versionadded:: 0.2

        Parameters
        ----------
        estimator : ReVAEClassifier or ReVAETransformer
            A fitted model.
        X : array-like of shape (n_samples, n_features)
            Rows, in the units of the training data.
        y : array-like of shape (n_samples,) or (n_samples, n_labels), default=None
            Their labels, as in `fit`; unlabelled cells are drawn grey.
        label : str or int, default=0
            The label, by name or index.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.

        Returns
        -------
        display : LatentDisplay
            The Display, drawn.

        Raises
        ------
        ValueError
            For an unknown label, and y that does not fit X or the label.

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
        check_is_fitted(estimator)
        index = label_index(estimator, label)
        prior = estimator.module_.label_model
        values, codes = label_classes(estimator, index), None
        if y is not None:
            cells = np.asarray(y, dtype=object)
            cells = cells[:, index] if cells.ndim == 2 else cells
            codes = codes_of(cells, values, estimator.unlabeled_value)
        latents = estimator.transform(X)
        if codes is not None and len(codes) != len(latents):
            raise ValueError(
                f"y has {len(codes)} entries, but X has {len(latents)} rows: pass one "
                "for each."
            )
        block = slice(index * estimator.label_dim_, (index + 1) * estimator.label_dim_)
        return cls(
            latents[:, block],
            prior.means[index, : len(values)].detach().cpu().numpy(),
            prior.scales[index, : len(values)].detach().cpu().numpy(),
            values=values,
            label_name=estimator.label_names_[index],
            codes=codes,
        ).plot(ax=ax)

    def plot(self, *, ax: Ax = None) -> Self:
        """Draw the points and the priors.

        .. versionadded:: 0.2

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.

        Returns
        -------
        display : LatentDisplay
            The Display itself.

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
        self.ax_ = ax = axes_for(ax, (5.6, 4.8))
        if self.latents.shape[1] == 1:
            self._plot_line(ax, colors)
        else:
            self._plot_plane(ax, colors)
        tidy(ax)
        self.figure_ = ax.figure
        return self

    def _codes(self):
        return np.full(len(self.latents), -1) if self.codes is None else self.codes

    def _points(self, ax, x, y, colors):
        """Scatter rows, those without a label first and so below the others."""
        codes = self._codes()
        shades = np.concatenate([colors, [(*[_UNLABELED] * 3, 1.0)]])
        order = np.argsort(codes >= 0, kind="stable")
        self.scatter_ = ax.scatter(
            x[order], y[order], s=14, c=shades[codes[order]], alpha=0.7, linewidths=0
        )

    def _plot_plane(self, ax, colors):
        from matplotlib.lines import Line2D
        from matplotlib.patches import Ellipse
        from matplotlib.patheffects import withStroke

        directions = plane(self.latents)
        seen, centres = self.latents @ directions.T, self.means @ directions.T
        self._points(ax, seen[:, 0], seen[:, 1], colors)
        self.priors_, self.text_ = [], []
        for value, centre, scale, color in zip(
            self.values, centres, self.scales, colors, strict=True
        ):
            (long, short), angle = ellipse(directions, scale)
            patch = Ellipse(
                centre,
                2 * _REACH * long,
                2 * _REACH * short,
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
            grey = Line2D([], [], color=str(_UNLABELED), marker="o", ms=4, ls="none")
            ax.legend([grey], ["unlabelled"], fontsize="small")
        ax.autoscale_view()
        ax.set_aspect("equal", adjustable="datalim")
        name = self.label_name
        if self.latents.shape[1] == 2:
            ax.set(xlabel=f"{name}_0", ylabel=f"{name}_1")
        else:
            share = seen.var(axis=0) / self.latents.var(axis=0).sum()
            ax.set(
                xlabel=f"{name}, 1st principal direction ({share[0]:.0%} of variance)",
                ylabel=f"{name}, 2nd principal direction ({share[1]:.0%} of variance)",
            )

    def _plot_line(self, ax, colors):
        n_values, latents = len(self.values), self.latents[:, 0]
        codes = self._codes()
        # Values from the top down, rows without one below them.
        self._points(ax, latents, np.where(codes < 0, n_values, codes), colors)
        bars = ax.barh(
            range(n_values),
            2 * _REACH * self.scales[:, 0],
            left=self.means[:, 0] - _REACH * self.scales[:, 0],
            height=0.6,
            color=colors,
            alpha=0.25,
        )
        # Bars would else end where the Axes end.
        ax.use_sticky_edges = False
        ax.autoscale_view()
        self.priors_, self.text_ = list(bars), []
        names = [str(value) for value in self.values]
        if (codes < 0).any():
            names.append("unlabelled")
        ax.set_yticks(range(len(names)), names)
        ax.set_ylim(len(names) - 0.4, -0.6)
        ax.set(xlabel=f"{self.label_name}_0", ylabel=self.label_name)
