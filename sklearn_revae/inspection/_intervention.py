"""Rows before and after an intervention."""

from collections.abc import Mapping, Sequence
from typing import Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils._optional_dependencies import check_matplotlib_support
from sklearn.utils.validation import check_is_fitted

from sklearn_revae._typing import Ax, ColorMap, Do, Method, Model, RandomState
from sklearn_revae.inspection._axes import axes_for, colorbar_beside
from sklearn_revae.inspection._labels import label_index
from sklearn_revae.inspection._tabular import (
    change_text,
    change_units,
    column_names,
    column_scales,
    columns_of,
    differs,
    mean_change,
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


def asked_text(estimator, do):
    """What `do` asks for, in words."""
    if not isinstance(do, Mapping):
        do = {0: do}
    names = [estimator.label_names_[label_index(estimator, label)] for label in do]
    values = [str(v) if np.ndim(v) == 0 else "a value a row" for v in do.values()]
    return ", ".join(f"{n} = {v}" for n, v in zip(names, values, strict=True))


class InterventionDisplay:
    """Rows before and after an intervention, and what it changed.

    Pictures become three tiles a row: before, after, difference. Those before and after
    share one scale, those of the difference another, with zero in its middle. Of colours
    the mean difference is drawn.

    A table becomes a bar a column, its mean change over the rows, beside the column's
    mean (or most frequent category) before and after. Columns that changed in any row
    are in bold type, and the longest bars come first.

    Best made by :meth:`from_estimator`. All parameters are stored as attributes.

    .. versionadded:: 0.2

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features)
        The rows before; a data frame, or pictures.
    X_new : array-like of shape (n_samples, n_features)
        The rows after, of the same kind.
    asked : str, default=None
        What was asked for, in words.
    image_shape : tuple of int, default=None
        Shape of the pictures, if the rows are flat.
    feature_names : array-like of str of shape (n_features,), default=None
        Names of a table's columns; None takes a data frame's, else x0, x1, ...
    scales : array-like of shape (n_features,), default=None
        What a change of a table's columns is divided by; None leaves their own units.

    Attributes
    ----------
    im_ : matplotlib AxesImage or None
        The pictures before and after.
    difference_im_ : matplotlib AxesImage or None
        The differences.
    bars_ : matplotlib BarContainer or None
        For a table, the mean changes. That of a category is the share of rows where it
        changed.
    columns_ : list of int or None
        The column of each bar, from the top down.
    ax_ : matplotlib Axes
        Axes of the pictures or bars.
    figure_ : matplotlib Figure
        Figure of the Axes.

    Raises
    ------
    ValueError
        If the shapes do not fit.

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
        asked: str | None = None,
        image_shape: Sequence[int] | None = None,
        feature_names: ArrayLike | None = None,
        scales: ArrayLike | None = None,
    ) -> None:
        self.X = X
        self.X_new = X_new
        self.asked = asked
        self.image_shape = image_shape
        self.feature_names = feature_names
        self.scales = scales
        if np.shape(X) != np.shape(X_new):
            raise ValueError(
                f"X_new has shape {np.shape(X_new)}, but X has {np.shape(X)}: pass each "
                "row before and after, without several draws a row."
            )
        as_pictures(X, image_shape)

    @classmethod
    def from_estimator(
        cls,
        estimator: Model,
        X: ArrayLike,
        do: Do,
        *,
        method: Method = "transport",
        residual: bool = True,
        random_state: RandomState = None,
        image_shape: Sequence[int] | None = None,
        ax: Ax = None,
    ) -> Self:
        """Intervene, and draw what changes.

        A table's changes are measured in standard deviations, those of rows that the
        model draws. For further options of `intervene` call it, and pass the rows before
        and after to the class itself.

        .. versionadded:: 0.2

        Parameters
        ----------
        estimator : ReVAEClassifier or ReVAETransformer
            A fitted model.
        X : array-like of shape (n_samples, n_features)
            Rows, in the units of the training data; a few if they are pictures.
        do : dict, or a single value where there is one label
            What is asked for, as `intervene` takes it.
        method : {"transport", "sample", "mean"} or dict, default="transport"
            As in `intervene`.
        residual : bool, default=True
            As in `intervene`: by default the difference is what the edit does; False
            adds what the decoder does not draw of a row.
        random_state : int, RandomState instance or None, default=None
            Decides the draws of `method="sample"`.
        image_shape : tuple of int, default=None
            Shape of the pictures, if the rows are flat. None takes the estimator's.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.

        Returns
        -------
        display : InterventionDisplay
            The Display, drawn.

        Raises
        ------
        ValueError
            As `intervene` does, and if `image_shape` does not fit.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from sklearn_revae import ReVAEClassifier
        >>> from sklearn_revae.inspection import InterventionDisplay
        >>> X, y = load_iris(return_X_y=True)
        >>> model = ReVAEClassifier(max_iter=20, random_state=0).fit(X, y)
        >>> InterventionDisplay.from_estimator(model, X[:1], 2).asked
        'label_0 = 2'
        """
        check_matplotlib_support(f"{cls.__name__}.from_estimator")
        check_is_fitted(estimator)
        image_shape = estimator.image_shape if image_shape is None else image_shape
        is_table = as_pictures(X, image_shape) is None
        X_new = estimator.intervene(
            X, do, method=method, residual=residual, random_state=random_state
        )
        return cls(
            X,
            X_new,
            asked=asked_text(estimator, do),
            image_shape=image_shape,
            feature_names=column_names(estimator) if is_table else None,
            scales=column_scales(estimator) if is_table else None,
        ).plot(ax=ax)

    def plot(
        self, *, ax: Ax = None, cmap: ColorMap = "gray", max_columns: int = 20
    ) -> Self:
        """Draw the tiles or bars.

        .. versionadded:: 0.2

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.
        cmap : str or matplotlib Colormap, default="gray"
            Colours of pictures without channels.
        max_columns : int, default=20
            Number of a table's columns to draw, those that change most.

        Returns
        -------
        display : InterventionDisplay
            The Display itself.

        Raises
        ------
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
        if max_columns < 1:
            raise ValueError(f"max_columns={max_columns} should be at least 1.")
        self.im_ = self.difference_im_ = self.bars_ = self.columns_ = None
        before = as_pictures(self.X, self.image_shape)
        if before is None:
            self._plot_bars(ax, max_columns)
        else:
            after = as_pictures(self.X_new, self.image_shape, name="X_new")
            self._plot_tiles(ax, before, after, cmap)
        self.figure_ = self.ax_.figure
        return self

    def _plot_tiles(self, ax, before, after, cmap):
        pairs = np.stack([before, after], axis=1)
        difference = (after - before)[:, None]
        if difference.ndim > 4:
            difference = difference.mean(axis=-1)
        grid = np.empty((len(before), 3, *before.shape[1:]))
        self.ax_ = ax = axes_for(ax, tiles_size(grid, extra=1.2))
        self.im_ = draw_tiles(ax, pairs, shared_limits(pairs), cmap)
        # Zero must be in the middle also where nothing changed.
        reach = max(np.nanmax(np.abs(difference)), np.finfo(np.float32).tiny)
        self.difference_im_ = draw_tiles(
            ax, difference, (-reach, reach), "RdBu_r", first_column=2
        )
        rows = [str(row) for row in range(len(before))]
        label_tiles(ax, grid, rows, ["before", "after", "difference"])
        colorbar_beside(ax, self.difference_im_, "difference")
        ax.set(xlabel=self.asked or "intervention", ylabel="row")

    def _plot_bars(self, ax, max_columns):
        before, after = columns_of(self.X), columns_of(self.X_new)
        names = self.feature_names
        names = getattr(self.X, "columns", None) if names is None else names
        names = names_for(names, len(before))
        scales = scales_for(self.scales, len(before))
        change = np.array(
            [mean_change(*c) for c in zip(before, after, scales, strict=True)]
        )
        # What is not known comes last.
        order = np.argsort(-np.nan_to_num(np.abs(change), nan=-1.0), kind="stable")
        self.columns_ = order[:max_columns].tolist()
        places = np.arange(len(self.columns_))
        height = 0.3 * len(places) + 1.4
        self.ax_ = ax = axes_for(ax, (7.2, max(height, 2.4)))
        self.bars_ = ax.barh(
            places,
            np.nan_to_num(change[self.columns_]),
            color=["C3" if c > 0 else "C0" for c in change[self.columns_]],
        )
        ax.axvline(0.0, color="black", linewidth=0.8)
        ax.set_ylim(len(places) - 0.4, -0.6)
        ax.set_yticks(places, [names[j] for j in self.columns_])
        values = ax.secondary_yaxis("right")
        texts = [change_text(before[j], after[j]) for j in self.columns_]
        values.set_yticks(places, texts)
        values.set_ylabel("before → after")
        for one in (values, ax):
            one.tick_params(axis="y", length=0)
            one.spines[:].set_visible(False)
            for tick, j in zip(one.get_yticklabels(), self.columns_, strict=True):
                if differs(before[j], after[j]):
                    tick.set_fontweight("bold")
        ax.spines["bottom"].set_visible(True)
        units = change_units(before, self.scales)
        ax.set(xlabel=f"mean change{units}", ylabel="column")
        ax.set_title(self.asked or "")
