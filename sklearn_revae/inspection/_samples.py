"""Rows drawn for each value of a label."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import check_random_state
from sklearn.utils._optional_dependencies import check_matplotlib_support
from sklearn.utils.validation import check_is_fitted

from sklearn_revae._typing import Ax, ColorMap, LabelName, Model, RandomState
from sklearn_revae.inspection._axes import axes_for, colorbar_beside, tidy
from sklearn_revae.inspection._labels import label_classes, label_index
from sklearn_revae.inspection._tabular import column_names, columns_of, names_for
from sklearn_revae.inspection._tiles import (
    as_pictures,
    draw_tiles,
    label_tiles,
    shared_limits,
    tiles_size,
)


class SamplesDisplay:
    """Rows that a model draws for each value of a label.

    Pictures become tiles, a row a value and a column a draw, all on one scale. A table
    becomes a heat map, a line a draw, of its columns in standard deviations from their
    mean over all draws; categories count 0, 1, ... in sorted order.

    Best made by :meth:`from_estimator`. All parameters are stored as attributes.

    .. versionadded:: 0.2

    Parameters
    ----------
    X_drawn : array-like of shape (n_values, n_draws, n_features)
        The draws; n_features may be (height, width[, n_channels]).
    values : array-like of shape (n_values,)
        The values.
    label_name : str
        Name of the label.
    image_shape : tuple of int, default=None
        Shape of the pictures, if the rows are flat.
    feature_names : array-like of str of shape (n_features,), default=None
        Names of a table's columns; None names them x0, x1, ...

    Attributes
    ----------
    im_ : matplotlib AxesImage
        All pictures, or the heat map.
    columns_ : list of int or None
        The table's column in each column of the heat map.
    ax_ : matplotlib Axes
        Axes of the pictures or heat map.
    figure_ : matplotlib Figure
        Figure of the Axes.

    Raises
    ------
    ValueError
        If the shapes do not fit.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_revae.inspection import SamplesDisplay
    >>> drawn = np.zeros((2, 5, 8, 8))
    >>> SamplesDisplay(drawn, values=["no", "yes"], label_name="smile").plot()
    <...SamplesDisplay object at ...>
    """

    def __init__(
        self,
        X_drawn: Sequence[Any] | NDArray[Any],
        *,
        values: Sequence[Any] | NDArray[Any],
        label_name: str,
        image_shape: Sequence[int] | None = None,
        feature_names: ArrayLike | None = None,
    ) -> None:
        self.X_drawn = X_drawn
        self.values = values
        self.label_name = label_name
        self.image_shape = image_shape
        self.feature_names = feature_names
        shape = np.shape(X_drawn)
        if len(shape) < 3 or shape[0] != len(values):
            raise ValueError(
                f"X_drawn has shape {shape}, but values has {len(values)} entries: pass "
                f"draws of shape ({len(values)}, n_draws, n_features)."
            )
        as_pictures(X_drawn, image_shape, 2, "X_drawn")

    @classmethod
    def from_estimator(
        cls,
        estimator: Model,
        label: LabelName = 0,
        *,
        values: Sequence[Any] | NDArray[Any] | None = None,
        n_samples: int = 8,
        random_state: RandomState = None,
        image_shape: Sequence[int] | None = None,
        ax: Ax = None,
    ) -> Self:
        """Draw rows for each value of a label, and show them.

        The draws of all values start from the same random numbers, so that those of one
        column differ by the label as far as the model can tell the two apart.

        .. versionadded:: 0.2

        Parameters
        ----------
        estimator : ReVAEClassifier or ReVAETransformer
            A fitted model.
        label : str or int, default=0
            The label, by name or index. Other labels are drawn too.
        values : array-like, default=None
            Values of the label; None takes all.
        n_samples : int, default=8
            Number of draws a value.
        random_state : int, RandomState instance or None, default=None
            Decides the draws.
        image_shape : tuple of int, default=None
            Shape of the pictures, if the rows are flat. None takes the estimator's.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.

        Returns
        -------
        display : SamplesDisplay
            The Display, drawn.

        Raises
        ------
        ValueError
            For an unknown label or value, and if `values` are none.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from sklearn_revae import ReVAEClassifier
        >>> from sklearn_revae.inspection import SamplesDisplay
        >>> X, y = load_iris(return_X_y=True)
        >>> model = ReVAEClassifier(max_iter=20, random_state=0).fit(X, y)
        >>> display = SamplesDisplay.from_estimator(model, n_samples=5, random_state=0)
        >>> display.X_drawn.shape
        (3, 5, 4)
        """
        check_matplotlib_support(f"{cls.__name__}.from_estimator")
        check_is_fitted(estimator)
        image_shape = estimator.image_shape if image_shape is None else image_shape
        index = label_index(estimator, label)
        values = label_classes(estimator, index) if values is None else list(values)
        if not values:
            raise ValueError("values=[] names none: pass values of the label, or None.")
        seed = check_random_state(random_state).randint(np.iinfo(np.int32).max)
        drawn = [
            np.asarray(estimator.sample(n_samples, {index: value}, random_state=seed)[0])
            for value in values
        ]
        return cls(
            np.stack(drawn),
            values=values,
            label_name=estimator.label_names_[index],
            image_shape=image_shape,
            feature_names=column_names(estimator),
        ).plot(ax=ax)

    def plot(
        self, *, ax: Ax = None, cmap: ColorMap = "gray", max_columns: int = 30
    ) -> Self:
        """Draw the tiles or heat map.

        .. versionadded:: 0.2

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.
        cmap : str or matplotlib Colormap, default="gray"
            Colours of pictures without channels.
        max_columns : int, default=30
            Number of a table's columns to draw, those that differ most between values.

        Returns
        -------
        display : SamplesDisplay
            The Display itself.

        Raises
        ------
        ValueError
            If `max_columns` is less than 1.

        Examples
        --------
        >>> from sklearn_revae.inspection import SamplesDisplay
        >>> drawn = [[[1.0, 5.0], [2.0, 4.0]], [[8.0, 5.0], [9.0, 4.0]]]
        >>> display = SamplesDisplay(drawn, values=["no", "yes"], label_name="large")
        >>> display.plot(max_columns=1).columns_
        [0]
        """
        check_matplotlib_support(f"{type(self).__name__}.plot")
        if max_columns < 1:
            raise ValueError(f"max_columns={max_columns} should be at least 1.")
        self.columns_ = None
        tiles = as_pictures(self.X_drawn, self.image_shape, 2, "X_drawn")
        if tiles is None:
            self._plot_table(ax, max_columns)
        else:
            self.ax_ = axes_for(ax, tiles_size(tiles))
            self.im_ = draw_tiles(self.ax_, tiles, shared_limits(tiles), cmap)
            draws = [str(draw) for draw in range(tiles.shape[1])]
            label_tiles(self.ax_, tiles, [str(value) for value in self.values], draws)
            self.ax_.set(xlabel="draw", ylabel=self.label_name)
        self.figure_ = self.ax_.figure
        return self

    def _plot_table(self, ax, max_columns):
        drawn = np.asarray(self.X_drawn)
        n_values, n_draws, n_features = drawn.shape
        columns = columns_of(drawn.reshape(-1, n_features))
        table = np.stack([_standardised(column) for column in columns], axis=1)
        between = table.reshape(n_values, n_draws, -1).mean(axis=1).std(axis=0)
        most = np.argsort(-between, kind="stable")[:max_columns]
        self.columns_ = sorted(most.tolist())
        names = names_for(self.feature_names, n_features)
        width = 0.28 * len(self.columns_) + 2.4
        self.ax_ = ax = axes_for(ax, (max(width, 4.0), 5.0))
        table = table[:, self.columns_]
        reach = max(np.abs(table).max(), 1.0)
        self.im_ = ax.imshow(
            table,
            cmap="RdBu_r",
            vmin=-reach,
            vmax=reach,
            aspect="auto",
            interpolation="nearest",
        )
        for edge in range(1, n_values):
            ax.axhline(edge * n_draws - 0.5, color="black", linewidth=1)
        ax.set_xticks(
            range(len(self.columns_)), [names[j] for j in self.columns_], rotation=90
        )
        middle = n_draws * (np.arange(n_values) + 0.5) - 0.5
        ax.set_yticks(middle, [str(value) for value in self.values])
        ax.tick_params(length=0)
        ax.set(xlabel="column", ylabel=f"{self.label_name}, a line a draw")
        tidy(ax, frame=False)
        colorbar_beside(ax, self.im_, "standard deviations from the mean")


def _standardised(column):
    """A column of drawn rows, or the places of its categories, around zero."""
    if column.dtype.kind != "f":
        column = np.unique(column.astype(str), return_inverse=True)[1].astype(float)
    spread = column.std()
    return (column - column.mean()) / (spread if spread > 0 else 1.0)
