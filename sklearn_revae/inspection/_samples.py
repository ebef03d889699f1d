"""Display of samples drawn from the model for each class of a label."""

from collections.abc import Sequence
from numbers import Integral
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import check_random_state, check_scalar
from sklearn.utils._optional_dependencies import check_matplotlib_support

from sklearn_revae._typing import Ax, ColorMap, LabelName, ModelOrPipeline, RandomState
from sklearn_revae.inspection._axes import axes_for, colorbar_beside, tidy
from sklearn_revae.inspection._labels import label_classes, label_index
from sklearn_revae.inspection._models import draw, fitted_model, image_shape_of
from sklearn_revae.inspection._tabular import column_names, columns_of, names_for
from sklearn_revae.inspection._tiles import (
    as_images,
    draw_tiles,
    label_tiles,
    shared_limits,
    tiles_size,
)


class SamplesDisplay:
    """Samples that a model draws for each class of a label.

    Images are drawn as a grid of tiles, with a row for each class and a column for each
    draw, all with the same colour scale. A table is drawn as a heat map with a line for
    each sample and a column for each feature, standardised to zero mean and unit variance
    over all samples. The categories of a categorical feature are numbered 0, 1, ... in
    sorted order before they are standardised.

    It is recommended to create this display with :meth:`from_estimator`. All parameters
    are stored as attributes.

    .. versionadded:: 0.2

    Parameters
    ----------
    X_drawn : array-like of shape (n_classes, n_draws, n_features)
        The samples. Images have the shape (height, width[, n_channels]) in place of
        n_features.
    values : array-like of shape (n_classes,)
        The classes.
    label_name : str
        Name of the label.
    image_shape : tuple of int, default=None
        Shape of an image, if the samples are flattened images.
    feature_names : array-like of str of shape (n_features,), default=None
        Names of the features of a table. If None, x0, x1, ...

    Attributes
    ----------
    im_ : matplotlib AxesImage
        The images or the heat map.
    columns_ : list of int or None
        Index of the feature in each column of the heat map.
    ax_ : matplotlib Axes
        Axes with the images or the heat map.
    figure_ : matplotlib Figure
        Figure containing the Axes.

    Raises
    ------
    ValueError
        If the shape of `X_drawn` does not match `values` or `image_shape`.

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
                f"X_drawn must have the shape ({len(values)}, n_draws, n_features), with "
                f"one entry per entry of values first, got the shape {shape}."
            )
        as_images(X_drawn, image_shape, 2, "X_drawn")

    @classmethod
    def from_estimator(
        cls,
        estimator: ModelOrPipeline,
        label: LabelName = 0,
        *,
        values: Sequence[Any] | NDArray[Any] | str | float | None = None,
        n_samples: int = 8,
        random_state: RandomState = None,
        image_shape: Sequence[int] | None = None,
        ax: Ax = None,
        cmap: ColorMap = "gray",
    ) -> Self:
        """Draw samples from a fitted model for each class of a label, and show them.

        Images are drawn without noise: pixels have their expected values.

        .. versionadded:: 0.2

        Parameters
        ----------
        estimator : ReVAEClassifier, ReVAETransformer or Pipeline
            Fitted model, or a fitted Pipeline that ends with one and whose other steps
            can be inverted; see :func:`sklearn_revae.intervene`.
        label : str or int, default=0
            Name or index of the label. Values of the other labels are drawn at random.
        values : array-like or a single class, default=None
            Classes of the label to draw samples for. If None, all classes.
        n_samples : int, default=8
            Number of samples to draw for each class.
        random_state : int, RandomState instance or None, default=None
            Determines the random draws. Pass an int for reproducible output across
            multiple calls.
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
        display : SamplesDisplay
            The display, already drawn.

        Raises
        ------
        ValueError
            If the model has no such label or class, or if `values` is empty.

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
        _, model = fitted_model(estimator)
        image_shape = image_shape_of(estimator, image_shape)
        picture = image_shape is not None or model._codec.picture_shape_ is not None
        index = label_index(model, label)
        given = label_classes(model, index) if values is None else values
        classes = np.atleast_1d(np.asarray(given, dtype=object)).tolist()
        if not classes:
            raise ValueError(
                "values must contain at least one class of the label, got []: pass None "
                "for all classes."
            )
        seed = check_random_state(random_state).randint(np.iinfo(np.int32).max)
        drawn = [
            np.asarray(draw(estimator, n_samples, {index: value}, seed, not picture))
            for value in classes
        ]
        return cls(
            np.stack(drawn),
            values=classes,
            label_name=model.label_names_[index],
            image_shape=image_shape,
            feature_names=column_names(estimator),
        ).plot(ax=ax, cmap=cmap)

    def plot(
        self, *, ax: Ax = None, cmap: ColorMap = "gray", max_columns: int = 30
    ) -> Self:
        """Draw the images or the heat map.

        .. versionadded:: 0.2

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on. If None, a new figure is created.
        cmap : str or matplotlib Colormap, default="gray"
            Colour map of images without colour channels.
        max_columns : int, default=30
            Maximum number of features to draw for a table. Those whose means differ most
            between the classes are drawn.

        Returns
        -------
        display : SamplesDisplay
            The display itself.

        Raises
        ------
        TypeError
            If `max_columns` is not an integer.
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
        check_scalar(max_columns, "max_columns", Integral, min_val=1)
        self.columns_ = None
        tiles = as_images(self.X_drawn, self.image_shape, 2, "X_drawn")
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
        largest = np.argsort(-between, kind="stable")[:max_columns]
        self.columns_ = sorted(largest.tolist())
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
        ax.set(xlabel="feature", ylabel=f"{self.label_name} (one line per sample)")
        tidy(ax, frame=False)
        colorbar_beside(ax, self.im_, "standard deviations from the mean")


def _standardised(column):
    """Scale a numeric column, or the codes of its categories, to mean 0, variance 1."""
    if column.dtype.kind != "f":
        column = np.unique(column.astype(str), return_inverse=True)[1].astype(float)
    spread = column.std()
    return (column - column.mean()) / (spread if spread > 0 else 1.0)
