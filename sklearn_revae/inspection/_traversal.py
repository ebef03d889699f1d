"""Display of samples traversed along the latent direction of a label, or of two."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils._optional_dependencies import check_matplotlib_support

from sklearn_revae._interventions.pipeline import traverse
from sklearn_revae._interventions.requests import read_lines
from sklearn_revae._typing import Ax, ColorMap, LabelName, ModelOrPipeline
from sklearn_revae.inspection._axes import axes_for, tidy
from sklearn_revae.inspection._models import fitted_model, image_shape_of
from sklearn_revae.inspection._tabular import (
    change_units,
    columns_of,
    mean_paths,
    names_for,
    scales_for,
    table_options,
)
from sklearn_revae.inspection._tiles import (
    as_images,
    draw_tiles,
    label_tiles,
    shared_limits,
    tiles_size,
)

# More colours than these are hard to distinguish.
_N_NAMED_FEATURES = 8


class TraversalDisplay:
    """Samples interpolated along the latent direction of a label, or over two labels.

    Images are drawn as a row of tiles per sample, and for two labels as a grid of tiles
    of one sample, all with the same colour scale. A table is drawn as one line per
    feature: the change of its mean over the samples since the first step. The features
    that change most are coloured and named in a legend.

    It is recommended to create this display with :meth:`from_estimator`. All parameters
    are stored as attributes.

    .. versionadded:: 0.2

    Parameters
    ----------
    X_new : array-like of shape (n_samples, n_steps, n_features) \
            or (1, n_steps, n_steps, n_features)
        Return value of `traverse` for one label or two. Images have the shape (height,
        width[, n_channels]) in place of n_features.
    label_names : array-like of str
        Name of the label, or names of both labels.
    values : sequence of pairs, default=None
        For each label, its values at the first and at the last step, used to name the
        steps. If None, the steps are numbered.
    image_shape : tuple of int, default=None
        Shape of an image, if the samples are flattened images.
    feature_names : array-like of str of shape (n_features,), default=None
        Names of the features of a table. If None, x0, x1, ...
    scales : array-like of shape (n_features,), default=None
        Positive numbers by which the changes of the features of a table are divided,
        such as their standard deviations. If None, changes are in the units of the
        features.
    span : float, default=0.0
        How far the line extends beyond the means of the values. If it is positive, the
        ends are named as beyond the values.

        .. versionadded:: 0.2

    Attributes
    ----------
    im_ : matplotlib AxesImage or None
        The images.
    lines_ : list of matplotlib Line2D or None
        For a table, the line of each feature, in the order of the features. The line of
        a categorical feature is the fraction of samples whose category differs from that
        at the first step.
    ax_ : matplotlib Axes
        Axes with the images or lines.
    figure_ : matplotlib Figure
        Figure containing the Axes.

    Raises
    ------
    ValueError
        If the shape of `X_new` does not match `label_names` or `image_shape`, or if
        `X_new` is a grid over two labels of a table or of more than one sample.

    References
    ----------
    .. [1] T. Joy et al., "Capturing Label Characteristics in VAEs", ICLR 2021,
       arXiv:2006.10102. Introduces latent traversals.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_revae.inspection import TraversalDisplay
    >>> X_new = np.linspace(0, 1, 4)[None, :, None] * [[0.0, 1.0, -2.0]]
    >>> display = TraversalDisplay(X_new, label_names=["size"]).plot()
    >>> display.lines_[1].get_ydata().round(2).tolist()
    [0.0, 0.33, 0.67, 1.0]
    """

    def __init__(
        self,
        X_new: ArrayLike,
        *,
        label_names: Sequence[str],
        values: Sequence[Any] | None = None,
        image_shape: Sequence[int] | None = None,
        feature_names: ArrayLike | None = None,
        scales: ArrayLike | None = None,
        span: float = 0.0,
    ) -> None:
        self.X_new = X_new
        self.label_names = label_names
        self.values = values
        self.image_shape = image_shape
        self.feature_names = feature_names
        self.scales = scales
        self.span = span
        shape, n_labels = np.shape(X_new), len(label_names)
        if n_labels not in (1, 2) or len(shape) < n_labels + 2:
            raise ValueError(
                f"X_new has the shape {shape}, and label_names={label_names!r}: pass "
                "what traverse returns for one label or two, and one name for each."
            )
        if n_labels == 2 and shape[0] != 1:
            raise ValueError(
                f"X_new has {shape[0]} samples, but a grid over two labels can show only "
                "one: pass X_new[:1]."
            )
        if self._images() is None and n_labels == 2:
            raise ValueError(
                "X_new holds samples of a table, but a grid over two labels requires "
                "images: pass image_shape if the samples are flattened images, or "
                "traverse only one label."
            )

    def _images(self):
        return as_images(self.X_new, self.image_shape, 1 + len(self.label_names), "X_new")

    @classmethod
    def from_estimator(
        cls,
        estimator: ModelOrPipeline,
        X: ArrayLike,
        label: LabelName | Sequence[LabelName] = 0,
        *,
        steps: int = 10,
        span: float = 4.0,
        values: Sequence[Any] | None = None,
        residual: bool = True,
        image_shape: Sequence[int] | None = None,
        ax: Ax = None,
        cmap: ColorMap = "gray",
    ) -> Self:
        """Traverse samples along a label, or one sample over two labels, and draw them.

        Changes of a table's features are measured in standard deviations of samples
        drawn from the model.

        .. versionadded:: 0.2

        Parameters
        ----------
        estimator : ReVAEClassifier, ReVAETransformer or Pipeline
            Fitted model, or a fitted Pipeline that ends with one and whose other steps
            can be inverted; see :func:`sklearn_revae.intervene`.
        X : array-like of shape (n_samples, n_features)
            Samples, in the units of the training data. Pass only a few images, because
            each gets a row of its own.
        label : str, int or pair of these, default=0
            Name or index of the label, or of two labels.
        steps : int, default=10
            Number of points on the line between the two values.
        span : float, default=4.0
            How far the line extends beyond the means of the two values, in standard
            deviations of their priors.
        values : pair, default=None
            Values of the label at the first and at the last step; for two labels a pair
            of such pairs. If None, the first and the last class.
        residual : bool, default=True
            As in `traverse`.
        image_shape : tuple of int, default=None
            Shape of an image, if the samples are flattened images. If None, the
            `image_shape` of the estimator is used. If that is None too, samples whose
            features are all pixels without names are drawn as square images.
        ax : matplotlib Axes, default=None
            Axes to draw on. If None, a new figure is created.
        cmap : str or matplotlib Colormap, default="gray"
            Colour map of images without colour channels.

            .. versionadded:: 0.2

        Returns
        -------
        display : TraversalDisplay
            The display, already drawn.

        Raises
        ------
        ValueError
            If the model has no such label or value, or if two labels are given for
            several samples or for a table.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from sklearn_revae import ReVAEClassifier
        >>> from sklearn_revae.inspection import TraversalDisplay
        >>> X, y = load_iris(return_X_y=True)
        >>> model = ReVAEClassifier(max_iter=20, random_state=0).fit(X, y)
        >>> display = TraversalDisplay.from_estimator(model, X[:5], steps=7)
        >>> display.X_new.shape
        (5, 7, 4)
        """
        check_matplotlib_support(f"{cls.__name__}.from_estimator")
        _, model = fitted_model(estimator)
        image_shape = image_shape_of(estimator, image_shape)
        X_is_table = as_images(X, image_shape) is None
        lines = read_lines(model._labels, label, values)
        n_samples = np.shape(X)[0]
        if len(lines) == 2 and (X_is_table or n_samples != 1):
            content = "a table" if X_is_table else f"{n_samples} images"
            remedy = "pass one label" if X_is_table else "pass one label, or X[:1]"
            raise ValueError(
                f"label={label!r} requests a grid over two labels, which requires a "
                f"single image, but X holds {content}: {remedy}."
            )
        X_new = traverse(
            estimator, X, label, steps=steps, span=span, values=values, residual=residual
        )
        classes = model._labels.classes_
        return cls(
            X_new,
            label_names=[model.label_names_[index] for index, _ in lines],
            values=[classes[index][list(ends)].tolist() for index, ends in lines],
            image_shape=image_shape,
            span=span,
            **table_options(estimator, X_is_table),
        ).plot(ax=ax, cmap=cmap)

    def plot(self, *, ax: Ax = None, cmap: ColorMap = "gray") -> Self:
        """Draw the images or lines.

        .. versionadded:: 0.2

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on. If None, a new figure is created.
        cmap : str or matplotlib Colormap, default="gray"
            Colour map of images without colour channels.

        Returns
        -------
        display : TraversalDisplay
            The display itself.

        Examples
        --------
        >>> import numpy as np
        >>> from sklearn_revae.inspection import TraversalDisplay
        >>> TraversalDisplay(np.zeros((2, 5, 8, 8)), label_names=["smile"]).plot()
        <...TraversalDisplay object at ...>
        """
        check_matplotlib_support(f"{type(self).__name__}.plot")
        self.im_ = self.lines_ = None
        images = self._images()
        if images is None:
            ax = axes_for(ax, (6.4, 4.4))
            self._plot_lines(ax)
        else:
            tiles = images if len(self.label_names) == 1 else images[0]
            ax = axes_for(ax, tiles_size(tiles))
            self._plot_tiles(ax, tiles, cmap)
        self.ax_, self.figure_ = ax, ax.figure
        return self

    def _step_names(self, position, n_steps):
        """Tick labels of the steps of the label at `position` in `label_names`."""
        if self.values is None:
            return [str(step) for step in range(n_steps)]
        where = "beyond " if self.span > 0 else ""
        first, last = (f"{where}{value}" for value in self.values[position])
        return [first, *[""] * (n_steps - 2), last]

    def _plot_tiles(self, ax, tiles, cmap):
        self.im_ = draw_tiles(ax, tiles, shared_limits(tiles), cmap)
        across, n_rows = self._step_names(-1, tiles.shape[1]), tiles.shape[0]
        if len(self.label_names) == 1:
            down, ylabel = [str(row) for row in range(n_rows)], "sample"
        else:
            down, ylabel = self._step_names(0, n_rows), self.label_names[0]
        label_tiles(ax, tiles, down, across)
        ax.set(xlabel=self.label_names[-1], ylabel=ylabel)

    def _plot_lines(self, ax):
        n_steps, n_features = np.shape(self.X_new)[1:]
        columns = columns_of(np.reshape(self.X_new, (-1, n_features)))
        paths = mean_paths(columns, n_steps, scales_for(self.scales, n_features))
        names = names_for(self.feature_names, n_features)
        farthest = np.argsort(-np.abs(np.nan_to_num(paths)).max(axis=1), kind="stable")
        self.lines_ = ax.plot(paths.T, color="0.8", linewidth=1)
        # The legend lists the lines in the vertical order of their right ends.
        named = sorted(farthest[:_N_NAMED_FEATURES], key=lambda j: -paths[j, -1])
        for color, j in enumerate(named):
            self.lines_[j].set(color=f"C{color}", linewidth=2, zorder=3, label=names[j])
        ax.set_xticks(range(n_steps), self._step_names(0, n_steps))
        units = change_units(columns, self.scales)
        ax.set(xlabel=self.label_names[0], ylabel=f"mean change from the start{units}")
        ax.legend(
            [self.lines_[j] for j in named],
            [names[j] for j in named],
            fontsize="small",
            frameon=False,
        )
        tidy(ax)
