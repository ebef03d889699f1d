"""Rows along a label, or along two."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils._optional_dependencies import check_matplotlib_support
from sklearn.utils.validation import check_is_fitted

from sklearn_revae._typing import Ax, ColorMap, LabelName, Model
from sklearn_revae.inspection._axes import axes_for, tidy
from sklearn_revae.inspection._labels import label_classes, label_index
from sklearn_revae.inspection._tabular import (
    change_units,
    column_names,
    column_scales,
    columns_of,
    mean_paths,
    names_for,
    scales_for,
)
from sklearn_revae.inspection._tiles import (
    as_pictures,
    draw_tiles,
    label_tiles,
    shared_limits,
    tiles_size,
)

# As many colours as are told apart at a glance.
_N_NAMED = 8


class TraversalDisplay:
    """Rows as a label goes from well inside one value to well inside another.

    Pictures become a strip of tiles a row, and for two labels a grid, all on one scale.
    A table becomes lines, one a column: how far its mean over the rows has gone since
    the first step. The lines that go farthest are coloured and named.

    Best made by :meth:`from_estimator`. All parameters are stored as attributes.

    .. versionadded:: 0.2

    Parameters
    ----------
    X_new : array-like of shape (n_samples, n_steps, n_features) \
            or (1, n_steps, n_steps, n_features)
        What `traverse` returned; n_features may be (height, width[, n_channels]).
    label_names : array-like of str
        Name of the label, or of both.
    values : sequence of pairs, default=None
        For each label the values at both ends; None leaves them unnamed.
    image_shape : tuple of int, default=None
        Shape of the pictures, if the rows are flat.
    feature_names : array-like of str of shape (n_features,), default=None
        Names of a table's columns; None names them x0, x1, ...
    scales : array-like of shape (n_features,), default=None
        What a change of a table's columns is divided by; None leaves their own units.

    Attributes
    ----------
    im_ : matplotlib AxesImage or None
        All pictures.
    lines_ : list of matplotlib Line2D or None
        For a table, the line of each column, in the columns' order. That of a category
        is the share of rows where it is another one than at the first step.
    ax_ : matplotlib Axes
        Axes of the pictures or lines.
    figure_ : matplotlib Figure
        Figure of the Axes.

    Raises
    ------
    ValueError
        If the shapes do not fit, and for a grid of a table.

    References
    ----------
    .. [1] T. Joy et al., "Capturing Label Characteristics in VAEs", ICLR 2021,
       arXiv:2006.10102: latent traversals.

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
    ) -> None:
        self.X_new = X_new
        self.label_names = label_names
        self.values = values
        self.image_shape = image_shape
        self.feature_names = feature_names
        self.scales = scales
        shape, n_labels = np.shape(X_new), len(label_names)
        if n_labels not in (1, 2) or len(shape) < n_labels + 2:
            raise ValueError(
                f"X_new has shape {shape} and label_names={label_names!r}: pass what "
                "traverse returned for one label or two, and their names."
            )
        if n_labels == 2 and shape[0] != 1:
            raise ValueError(
                f"X_new has {shape[0]} rows, but a grid of two labels is of one: pass "
                "one row."
            )
        if self._pictures() is None and n_labels == 2:
            raise ValueError(
                "X_new holds rows of a table, and a grid is of pictures: pass "
                "image_shape if they are pictures, or traverse one label."
            )

    def _pictures(self):
        return as_pictures(
            self.X_new, self.image_shape, 1 + len(self.label_names), "X_new"
        )

    @classmethod
    def from_estimator(
        cls,
        estimator: Model,
        X: ArrayLike,
        label: LabelName | Sequence[LabelName] = 0,
        *,
        steps: int = 10,
        span: float = 4.0,
        values: Sequence[Any] | None = None,
        residual: bool = True,
        image_shape: Sequence[int] | None = None,
        ax: Ax = None,
    ) -> Self:
        """Traverse a label of some rows, or two labels of one row, and draw it.

        A table's columns are measured in standard deviations, those of rows that the
        model draws.

        .. versionadded:: 0.2

        Parameters
        ----------
        estimator : ReVAEClassifier or ReVAETransformer
            A fitted model.
        X : array-like of shape (n_samples, n_features)
            Rows, in the units of the training data; a few if they are pictures.
        label : str, int or pair of these, default=0
            The label, by name or index, or two of them.
        steps : int, default=10
            Number of points.
        span : float, default=4.0
            How far to go beyond the values' means, in standard deviations of the prior.
        values : pair, default=None
            The values at both ends, a pair of such for two labels. None takes the first
            and the last class.
        residual : bool, default=True
            As in `traverse`.
        image_shape : tuple of int, default=None
            Shape of the pictures, if the rows are flat. None takes the estimator's.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.

        Returns
        -------
        display : TraversalDisplay
            The Display, drawn.

        Raises
        ------
        ValueError
            For an unknown label or value, two labels of several rows or of a table.

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
        check_is_fitted(estimator)
        image_shape = estimator.image_shape if image_shape is None else image_shape
        is_table = as_pictures(X, image_shape) is None
        labels = label if isinstance(label, (tuple, list)) else [label]
        pair = len(labels) == 2
        n_rows = np.shape(X)[0]
        if pair and (is_table or n_rows != 1):
            raise ValueError(
                f"label={label!r} makes a grid, which is of one picture, but X is "
                f"{'a table' if is_table else f'{n_rows} pictures'}: pass one label"
                f"{'' if is_table else ', or X[:1]'}."
            )
        indices = [label_index(estimator, one) for one in labels]
        X_new = estimator.traverse(
            X, label, steps=steps, span=span, values=values, residual=residual
        )
        if values is None:
            classes = [label_classes(estimator, index) for index in indices]
            values = [(c[0], c[-1]) for c in classes]
        elif not pair:
            values = [values]
        return cls(
            X_new,
            label_names=[estimator.label_names_[index] for index in indices],
            values=values,
            image_shape=image_shape,
            feature_names=column_names(estimator) if is_table else None,
            scales=column_scales(estimator) if is_table else None,
        ).plot(ax=ax)

    def plot(self, *, ax: Ax = None, cmap: ColorMap = "gray") -> Self:
        """Draw the tiles or lines.

        .. versionadded:: 0.2

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.
        cmap : str or matplotlib Colormap, default="gray"
            Colours of pictures without channels.

        Returns
        -------
        display : TraversalDisplay
            The Display itself.

        Examples
        --------
        >>> import numpy as np
        >>> from sklearn_revae.inspection import TraversalDisplay
        >>> TraversalDisplay(np.zeros((2, 5, 8, 8)), label_names=["smile"]).plot()
        <...TraversalDisplay object at ...>
        """
        check_matplotlib_support(f"{type(self).__name__}.plot")
        self.im_ = self.lines_ = None
        pictures = self._pictures()
        if pictures is None:
            ax = axes_for(ax, (6.4, 4.4))
            self._plot_lines(ax)
        else:
            tiles = pictures if len(self.label_names) == 1 else pictures[0]
            ax = axes_for(ax, tiles_size(tiles))
            self._plot_tiles(ax, tiles, cmap)
        self.ax_, self.figure_ = ax, ax.figure
        return self

    def _step_names(self, position, n_steps):
        """Tick labels: the values at both ends of a label's steps."""
        if self.values is None:
            return [str(step) for step in range(n_steps)]
        first, last = self.values[position]
        return [str(first), *[""] * (n_steps - 2), str(last)]

    def _plot_tiles(self, ax, tiles, cmap):
        self.im_ = draw_tiles(ax, tiles, shared_limits(tiles), cmap)
        across, n_rows = self._step_names(-1, tiles.shape[1]), tiles.shape[0]
        if len(self.label_names) == 1:
            down, ylabel = [str(row) for row in range(n_rows)], "row"
        else:
            down, ylabel = self._step_names(0, n_rows), self.label_names[0]
        label_tiles(ax, tiles, down, across)
        ax.set(xlabel=self.label_names[-1], ylabel=ylabel)

    def _plot_lines(self, ax):
        n_steps, n_features = np.shape(self.X_new)[1:]
        columns = columns_of(np.reshape(self.X_new, (-1, n_features)))
        paths = mean_paths(columns, n_steps, scales_for(self.scales, n_features))
        names = names_for(self.feature_names, n_features)
        # Those that end up farthest, from the top down, as their lines end.
        farthest = np.argsort(-np.abs(np.nan_to_num(paths)).max(axis=1), kind="stable")[
            :_N_NAMED
        ]
        self.lines_ = ax.plot(paths.T, color="0.8", linewidth=1)
        named = sorted(farthest, key=lambda j: -paths[j, -1])
        for color, j in enumerate(named):
            self.lines_[j].set(color=f"C{color}", linewidth=2, zorder=3, label=names[j])
        ax.set_xticks(range(n_steps), self._step_names(0, n_steps))
        units = change_units(columns, self.scales)
        ax.set(xlabel=self.label_names[0], ylabel=f"change since start{units}")
        ax.legend(
            [self.lines_[j] for j in named],
            [names[j] for j in named],
            fontsize="small",
            frameon=False,
        )
        tidy(ax)
