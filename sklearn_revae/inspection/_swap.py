"""Characteristics of some rows, given to others."""

from collections.abc import Sequence
from typing import Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils._optional_dependencies import check_matplotlib_support
from sklearn.utils.validation import check_is_fitted

from sklearn_revae._typing import Ax, ColorMap, LabelName, Model
from sklearn_revae.inspection._axes import axes_for
from sklearn_revae.inspection._labels import label_index
from sklearn_revae.inspection._tiles import (
    as_pictures,
    draw_tiles,
    gap_of,
    label_tiles,
    shared_limits,
    tiles_size,
)

_CURE = (
    "pass image_shape if they are pictures, or draw a table's swaps by "
    "InterventionDisplay(X, estimator.swap(X, donors))"
)


class SwapDisplay:
    """Matrix of pictures, each row's with each donor's characteristics.

    The originals stand on the margins: the rows on the left, the donors on top. All
    share one scale.

    Best made by :meth:`from_estimator`. All parameters are stored as attributes.

    .. versionadded:: 0.2

    Parameters
    ----------
    X : array-like of shape (n_samples, height, width[, n_channels])
        The rows that keep the rest; flat rows with `image_shape`.
    donors : array-like of shape (n_donors, height, width[, n_channels])
        The rows that give.
    X_new : array-like of shape (n_samples, n_donors, height, width[, n_channels])
        What comes out.
    label_names : array-like of str
        Names of the labels whose characteristics are given.
    image_shape : tuple of int, default=None
        Shape of the pictures, if the rows are flat.

    Attributes
    ----------
    im_ : matplotlib AxesImage
        All pictures.
    ax_ : matplotlib Axes
        Axes of the pictures.
    figure_ : matplotlib Figure
        Figure of the Axes.

    Raises
    ------
    ValueError
        For tables, and pictures whose number or shape do not fit one another.

    References
    ----------
    .. [1] T. Joy et al., "Capturing Label Characteristics in VAEs", ICLR 2021,
       arXiv:2006.10102: characteristic swaps.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_revae.inspection import SwapDisplay
    >>> rows, donors = np.zeros((3, 8, 8)), np.ones((2, 8, 8))
    >>> new = np.full((3, 2, 8, 8), 0.5)
    >>> SwapDisplay(rows, donors, new, label_names=["smile"]).plot()
    <...SwapDisplay object at ...>
    """

    def __init__(
        self,
        X: ArrayLike,
        donors: ArrayLike,
        X_new: ArrayLike,
        *,
        label_names: Sequence[str],
        image_shape: Sequence[int] | None = None,
    ) -> None:
        self.X = X
        self.donors = donors
        self.X_new = X_new
        self.label_names = label_names
        self.image_shape = image_shape
        rows, given, new = self._pictures()
        if new.shape != (len(rows), len(given), *rows.shape[1:]):
            raise ValueError(
                f"X_new holds pictures of shape {new.shape}, but X has {rows.shape} and "
                f"donors {given.shape}: pass one for each pair."
            )

    def _pictures(self):
        pictures = [
            as_pictures(self.X, self.image_shape),
            as_pictures(self.donors, self.image_shape, name="donors"),
            as_pictures(self.X_new, self.image_shape, n_axes=2, name="X_new"),
        ]
        if any(p is None for p in pictures):
            raise ValueError(f"X holds flat rows: {_CURE}.")
        return pictures

    @classmethod
    def from_estimator(
        cls,
        estimator: Model,
        X: ArrayLike,
        donors: ArrayLike,
        labels: LabelName | Sequence[LabelName] | None = None,
        *,
        residual: bool = True,
        image_shape: Sequence[int] | None = None,
        ax: Ax = None,
    ) -> Self:
        """Give each row of X the characteristics of each donor, and draw all.

        .. versionadded:: 0.2

        Parameters
        ----------
        estimator : ReVAEClassifier or ReVAETransformer
            A fitted model.
        X : array-like of shape (n_samples, n_features)
            The rows that keep the rest, in the units of the training data; a few.
        donors : array-like of shape (n_donors, n_features)
            The rows that give; a few.
        labels : str, int or sequence of these, default=None
            Labels by name or index; None takes all.
        residual : bool, default=True
            As in `swap`.
        image_shape : tuple of int, default=None
            Shape of the pictures, if the rows are flat. None takes the estimator's.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.

        Returns
        -------
        display : SwapDisplay
            The Display, drawn.

        Raises
        ------
        ValueError
            For tables and unknown labels.

        Examples
        --------
        >>> from sklearn.datasets import load_digits
        >>> from sklearn_revae import ReVAEClassifier
        >>> from sklearn_revae.inspection import SwapDisplay
        >>> X, y = load_digits(return_X_y=True)
        >>> model = ReVAEClassifier((32,), max_iter=2, random_state=0).fit(X, y)
        >>> display = SwapDisplay.from_estimator(
        ...     model, X[:3], X[3:5], image_shape=(8, 8)
        ... )
        >>> display.X_new.shape
        (3, 2, 64)
        """
        check_matplotlib_support(f"{cls.__name__}.from_estimator")
        check_is_fitted(estimator)
        image_shape = estimator.image_shape if image_shape is None else image_shape
        for rows, name in ((X, "X"), (donors, "donors")):
            if as_pictures(rows, image_shape, name=name) is None:
                raise ValueError(f"{name} holds flat rows: {_CURE}.")
        givers = np.asarray(donors)
        new = [
            np.asarray(estimator.swap(X, givers[j : j + 1], labels, residual=residual))
            for j in range(len(givers))
        ]
        asked = estimator.label_names_ if labels is None else labels
        asked = [asked] if isinstance(asked, (str, int, np.integer)) else asked
        names = [estimator.label_names_[label_index(estimator, a)] for a in asked]
        return cls(
            X, donors, np.stack(new, axis=1), label_names=names, image_shape=image_shape
        ).plot(ax=ax)

    def plot(self, *, ax: Ax = None, cmap: ColorMap = "gray") -> Self:
        """Draw the matrix.

        .. versionadded:: 0.2

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.
        cmap : str or matplotlib Colormap, default="gray"
            Colours of pictures without channels.

        Returns
        -------
        display : SwapDisplay
            The Display itself.

        Examples
        --------
        >>> import numpy as np
        >>> from sklearn_revae.inspection import SwapDisplay
        >>> rows, new = np.zeros((2, 8, 8)), np.ones((2, 2, 8, 8))
        >>> SwapDisplay(rows, rows, new, label_names=["smile"]).plot(cmap="gray_r")
        <...SwapDisplay object at ...>
        """
        check_matplotlib_support(f"{type(self).__name__}.plot")
        rows, donors, new = self._pictures()
        tiles = np.full((len(rows) + 1, len(donors) + 1, *rows.shape[1:]), np.nan)
        tiles[1:, 0], tiles[0, 1:], tiles[1:, 1:] = rows, donors, new
        ax = axes_for(ax, tiles_size(tiles))
        limits = shared_limits(rows, donors, new)
        self.im_ = draw_tiles(ax, tiles, limits, cmap)
        label_tiles(
            ax,
            tiles,
            ["", *map(str, range(len(rows)))],
            ["", *map(str, range(len(donors)))],
        )
        edge = (gap_of(tiles) - 1) / 2
        ax.axhline(tiles.shape[2] + edge, color="black", linewidth=1)
        ax.axvline(tiles.shape[3] + edge, color="black", linewidth=1)
        ax.set(xlabel=f"donor of {', '.join(self.label_names)}", ylabel="row")
        self.ax_, self.figure_ = ax, ax.figure
        return self
