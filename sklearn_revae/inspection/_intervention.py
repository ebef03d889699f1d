"""Display of samples before and after an intervention."""

from collections.abc import Mapping, Sequence
from numbers import Integral
from typing import Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils import check_scalar
from sklearn.utils._optional_dependencies import check_matplotlib_support

from sklearn_revae._interventions.pipeline import intervene
from sklearn_revae._typing import Ax, ColorMap, Do, Method, ModelOrPipeline, RandomState
from sklearn_revae.inspection._axes import LINE, axes_for, colorbar_beside, wrapped
from sklearn_revae.inspection._labels import label_index
from sklearn_revae.inspection._models import fitted_model, image_shape_of
from sklearn_revae.inspection._tabular import (
    change_text,
    change_units,
    columns_of,
    differs,
    mean_change,
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


def request_text(model, do):
    """Describe what `do` requests, such as "digit = 3, odd = yes"."""
    if not isinstance(do, Mapping):
        do = {0: do}
    names = [model.label_names_[label_index(model, label)] for label in do]
    values = [str(v) if np.ndim(v) == 0 else "one value per sample" for v in do.values()]
    return ", ".join(f"{n} = {v}" for n, v in zip(names, values, strict=True))


class InterventionDisplay:
    """Samples before and after an intervention, and the changes that it made.

    Images are drawn as three tiles per sample: before, after, and the difference (after
    minus before). The first two share one colour scale; the difference has its own, with
    zero in the middle. The difference of colour images is averaged over the channels.

    A table is drawn as a bar chart with one bar per feature: its mean change over the
    samples, largest changes first. Beside each bar stands the feature's mean (or most
    frequent category) before and after. Features that changed in at least one sample are
    in bold.

    It is recommended to create this display with :meth:`from_estimator`. All parameters
    are stored as attributes.

    .. versionadded:: 0.2

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features)
        Samples before the intervention: a table, or images of shape (n_samples, height,
        width[, n_channels]).
    X_new : array-like of shape (n_samples, n_features)
        Samples after the intervention, of the same shape.
    requested : str, default=None
        Description of the requested labels, shown beside the samples.
    image_shape : tuple of int, default=None
        Shape of an image, if the samples are flattened images.
    feature_names : array-like of str of shape (n_features,), default=None
        Names of the features of a table. If None, the column names of a DataFrame, else
        x0, x1, ...
    scales : array-like of shape (n_features,), default=None
        Positive numbers by which the changes of the features of a table are divided,
        such as their standard deviations. If None, changes are in the units of the
        features.

    Attributes
    ----------
    im_ : matplotlib AxesImage or None
        The images before and after.
    difference_im_ : matplotlib AxesImage or None
        The differences between the images.
    bars_ : matplotlib BarContainer or None
        The mean changes of a table's features. For a categorical feature this is the
        fraction of samples whose category changed.
    columns_ : list of int or None
        Index of the feature of each bar, from the top down.
    ax_ : matplotlib Axes
        Axes with the images or bars.
    figure_ : matplotlib Figure
        Figure containing the Axes.

    Raises
    ------
    ValueError
        If the shapes of `X` and `X_new` differ, or `image_shape` does not match them.

    Examples
    --------
    >>> from sklearn_revae.inspection import InterventionDisplay
    >>> display = InterventionDisplay([[1.0, 5.0]], [[3.0, 5.0]]).plot()
    >>> [float(bar.get_width()) for bar in display.bars_]
    [2.0, 0.0]
    """

    def __init__(
        self,
        X: ArrayLike,
        X_new: ArrayLike,
        *,
        requested: str | None = None,
        image_shape: Sequence[int] | None = None,
        feature_names: ArrayLike | None = None,
        scales: ArrayLike | None = None,
    ) -> None:
        self.X = X
        self.X_new = X_new
        self.requested = requested
        self.image_shape = image_shape
        self.feature_names = feature_names
        self.scales = scales
        if np.shape(X) != np.shape(X_new):
            raise ValueError(
                f"X_new has the shape {np.shape(X_new)}, but X has the shape "
                f"{np.shape(X)}: pass every sample once before and once after the "
                "intervention, not several draws per sample."
            )
        as_images(X, image_shape)

    @classmethod
    def from_estimator(
        cls,
        estimator: ModelOrPipeline,
        X: ArrayLike,
        do: Do,
        *,
        method: Method = "transport",
        residual: bool = True,
        random_state: RandomState = None,
        image_shape: Sequence[int] | None = None,
        ax: Ax = None,
        cmap: ColorMap = "gray",
    ) -> Self:
        """Intervene on samples and draw the changes.

        Changes of a table's features are measured in standard deviations of samples
        drawn from the model. For options of `intervene` that this method does not have,
        call `intervene` yourself and pass the samples before and after to the
        constructor.

        .. versionadded:: 0.2

        Parameters
        ----------
        estimator : ReVAEClassifier, ReVAETransformer or Pipeline
            Fitted model, or a fitted Pipeline that ends with one and whose other steps
            can be inverted; see :func:`sklearn_revae.intervene`.
        X : array-like of shape (n_samples, n_features)
            Samples, in the units of the training data. Pass only a few images, because
            each gets a row of its own.
        do : dict, or a single value if there is one label
            Requested label values, as in `intervene`.
        method : {"transport", "sample", "mean"} or dict, default="transport"
            How the latent codes are changed, as in `intervene`.
        residual : bool, default=True
            As in `intervene`. By default the difference shows the effect of the edit
            only; with False it also contains the reconstruction error.
        random_state : int, RandomState instance or None, default=None
            Determines the random draws of ``method="sample"``. Pass an int for
            reproducible output across multiple calls.
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
        display : InterventionDisplay
            The display, already drawn.

        Raises
        ------
        ValueError
            If `intervene` rejects its arguments, or `image_shape` does not match X.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from sklearn_revae import ReVAEClassifier
        >>> from sklearn_revae.inspection import InterventionDisplay
        >>> X, y = load_iris(return_X_y=True)
        >>> model = ReVAEClassifier(max_iter=20, random_state=0).fit(X, y)
        >>> InterventionDisplay.from_estimator(model, X[:1], 2).requested
        'label_0 = 2'
        """
        check_matplotlib_support(f"{cls.__name__}.from_estimator")
        _, model = fitted_model(estimator)
        image_shape = image_shape_of(estimator, image_shape)
        X_is_table = as_images(X, image_shape) is None
        X_new = intervene(
            estimator, X, do, method=method, residual=residual, random_state=random_state
        )
        return cls(
            X,
            X_new,
            requested=request_text(model, do),
            image_shape=image_shape,
            **table_options(estimator, X_is_table),
        ).plot(ax=ax, cmap=cmap)

    def plot(
        self, *, ax: Ax = None, cmap: ColorMap = "gray", max_columns: int = 20
    ) -> Self:
        """Draw the images or bars.

        .. versionadded:: 0.2

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on. If None, a new figure is created.
        cmap : str or matplotlib Colormap, default="gray"
            Colour map of images without colour channels.
        max_columns : int, default=20
            Maximum number of features to draw for a table. Those that change most are
            drawn.

        Returns
        -------
        display : InterventionDisplay
            The display itself.

        Raises
        ------
        TypeError
            If `max_columns` is not an integer.
        ValueError
            If `max_columns` is less than 1.

        Examples
        --------
        >>> from sklearn_revae.inspection import InterventionDisplay
        >>> display = InterventionDisplay([[1.0, 5.0]], [[3.0, 5.0]])
        >>> display.plot(max_columns=1).columns_
        [0]
        """
        check_matplotlib_support(f"{type(self).__name__}.plot")
        check_scalar(max_columns, "max_columns", Integral, min_val=1)
        self.im_ = self.difference_im_ = self.bars_ = self.columns_ = None
        before = as_images(self.X, self.image_shape)
        if before is None:
            self._plot_bars(ax, max_columns)
        else:
            after = as_images(self.X_new, self.image_shape, name="X_new")
            self._plot_tiles(ax, before, after, cmap)
        self.figure_ = self.ax_.figure
        return self

    def _plot_tiles(self, ax, before, after, cmap):
        pairs = np.stack([before, after], axis=1)
        difference = (after - before)[:, None]
        if difference.ndim > 4:
            difference = difference.mean(axis=-1)
        grid = np.empty((len(before), 3, *before.shape[1:]))
        requested = wrapped(self.requested or "intervention")
        width, height = tiles_size(grid, extra=1.2)
        self.ax_ = ax = axes_for(ax, (width, height + LINE * requested.count("\n")))
        limits = shared_limits(pairs)
        self.im_ = draw_tiles(ax, pairs, limits, cmap)
        # The limits must differ, with zero in the middle, even if nothing changed.
        reach = np.nanmax(np.abs(difference)) or limits[1] - limits[0]
        self.difference_im_ = draw_tiles(
            ax, difference, (-reach, reach), "RdBu_r", first_column=2
        )
        samples = [str(sample) for sample in range(len(before))]
        label_tiles(ax, grid, samples, ["before", "after", "difference"])
        colorbar_beside(ax, self.difference_im_, "difference")
        ax.set(xlabel=requested, ylabel="sample")

    def _plot_bars(self, ax, max_columns):
        before, after = columns_of(self.X), columns_of(self.X_new)
        names = self.feature_names
        names = getattr(self.X, "columns", None) if names is None else names
        names = names_for(names, len(before))
        scales = scales_for(self.scales, len(before))
        change = np.array(
            [mean_change(*c) for c in zip(before, after, scales, strict=True)]
        )
        # Features whose change is undefined come last.
        order = np.argsort(-np.nan_to_num(np.abs(change), nan=-1.0), kind="stable")
        self.columns_ = order[:max_columns].tolist()
        positions = np.arange(len(self.columns_))
        requested = wrapped(self.requested or "")
        height = 0.3 * len(positions) + 1.4 + LINE * requested.count("\n")
        self.ax_ = ax = axes_for(ax, (7.2, max(height, 2.4)))
        self.bars_ = ax.barh(
            positions,
            np.nan_to_num(change[self.columns_]),
            color=["C3" if c > 0 else "C0" for c in change[self.columns_]],
        )
        ax.axvline(0.0, color="black", linewidth=0.8)
        ax.set_ylim(len(positions) - 0.4, -0.6)
        ax.set_yticks(positions, [names[j] for j in self.columns_])
        values = ax.secondary_yaxis("right")
        texts = [change_text(before[j], after[j]) for j in self.columns_]
        values.set_yticks(positions, texts)
        values.set_ylabel("before → after")
        for axes in (values, ax):
            axes.tick_params(axis="y", length=0)
            axes.spines[:].set_visible(False)
            for tick, j in zip(axes.get_yticklabels(), self.columns_, strict=True):
                if differs(before[j], after[j]):
                    tick.set_fontweight("bold")
        ax.spines["bottom"].set_visible(True)
        units = change_units(before, self.scales)
        ax.set(xlabel=f"mean change{units}", ylabel="feature")
        ax.set_title(requested)
