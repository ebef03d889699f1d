"""Display of samples whose label characteristics are swapped with those of donors."""

from collections.abc import Sequence
from typing import Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils import _safe_indexing
from sklearn.utils._optional_dependencies import check_matplotlib_support

from sklearn_revae._interventions.pipeline import swap
from sklearn_revae._interventions.requests import read_labels
from sklearn_revae._typing import Ax, ColorMap, LabelName, ModelOrPipeline
from sklearn_revae.inspection._axes import axes_for
from sklearn_revae.inspection._models import fitted_model, image_shape_of
from sklearn_revae.inspection._tiles import (
    as_images,
    draw_tiles,
    gap_of,
    label_tiles,
    shared_limits,
    tiles_size,
)

_IMAGES_REQUIRED = (
    "{name} holds flat samples, but this display requires images: pass image_shape if "
    "they are flattened images, or draw swaps of a table by "
    "InterventionDisplay(X, estimator.swap(X, donors))."
)


class SwapDisplay:
    """Grid of images, each with the label characteristics of each donor.

    The images in the grid keep everything else of the sample on their left and have the
    characteristics of the donor above them. All images share one colour scale.

    It is recommended to create this display with :meth:`from_estimator`. All parameters
    are stored as attributes.

    .. versionadded:: 0.2

    Parameters
    ----------
    X : array-like of shape (n_samples, height, width[, n_channels])
        Images that are edited, or flattened images if `image_shape` is given.
    donors : array-like of shape (n_donors, height, width[, n_channels])
        Images whose characteristics are copied.
    X_new : array-like of shape (n_samples, n_donors, height, width[, n_channels])
        Each image of `X` with the characteristics of each donor.
    label_names : array-like of str
        Names of the labels whose characteristics are copied.
    image_shape : tuple of int, default=None
        Shape of an image, if the samples are flattened images.

    Attributes
    ----------
    im_ : matplotlib AxesImage
        The images.
    ax_ : matplotlib Axes
        Axes with the images.
    figure_ : matplotlib Figure
        Figure containing the Axes.

    Raises
    ------
    ValueError
        If the samples are not images, or the shapes of the arrays do not match.

    References
    ----------
    .. [1] T. Joy et al., "Capturing Label Characteristics in VAEs", ICLR 2021,
       arXiv:2006.10102. Introduces characteristic swaps.

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
        images, given, new = self._images()
        if new.shape != (len(images), len(given), *images.shape[1:]):
            raise ValueError(
                f"X_new holds images of shape {new.shape}, but X has the shape "
                f"{images.shape} and donors the shape {given.shape}: pass one image for "
                "each pair of a sample and a donor."
            )

    def _images(self):
        images = [
            as_images(self.X, self.image_shape),
            as_images(self.donors, self.image_shape, name="donors"),
            as_images(self.X_new, self.image_shape, n_axes=2, name="X_new"),
        ]
        if any(array is None for array in images):
            raise ValueError(_IMAGES_REQUIRED.format(name="X"))
        return images

    @classmethod
    def from_estimator(
        cls,
        estimator: ModelOrPipeline,
        X: ArrayLike,
        donors: ArrayLike,
        labels: LabelName | Sequence[LabelName] | None = None,
        *,
        residual: bool = True,
        image_shape: Sequence[int] | None = None,
        ax: Ax = None,
        cmap: ColorMap = "gray",
    ) -> Self:
        """Copy the characteristics of each donor to each sample, and draw the results.

        .. versionadded:: 0.2

        Parameters
        ----------
        estimator : ReVAEClassifier, ReVAETransformer or Pipeline
            Fitted model, or a fitted Pipeline that ends with one and whose other steps
            can be inverted; see :func:`sklearn_revae.intervene`.
        X : array-like of shape (n_samples, n_features)
            Images to edit, in the units of the training data. Pass only a few, because
            each gets a row of its own.
        donors : array-like of shape (n_donors, n_features)
            Images whose characteristics are copied. Pass only a few, because each gets a
            column of its own.
        labels : str, int or sequence of these, default=None
            Names or indices of the labels whose characteristics are copied. If None, all
            labels.
        residual : bool, default=True
            As in `swap`.
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
        display : SwapDisplay
            The display, already drawn.

        Raises
        ------
        ValueError
            If the samples are not images, or the model has no such label.

        Examples
        --------
        >>> from sklearn.datasets import load_digits
        >>> from sklearn_revae import ReVAEClassifier
        >>> from sklearn_revae.inspection import SwapDisplay
        >>> X, y = load_digits(return_X_y=True)
        >>> model = ReVAEClassifier((32,), max_iter=2, random_state=0).fit(X, y)
        >>> display = SwapDisplay.from_estimator(model, X[:3], X[3:5])
        >>> display.X_new.shape
        (3, 2, 64)
        """
        check_matplotlib_support(f"{cls.__name__}.from_estimator")
        _, model = fitted_model(estimator)
        image_shape = image_shape_of(estimator, image_shape)
        for samples, name in ((X, "X"), (donors, "donors")):
            if as_images(samples, image_shape, name=name) is None:
                raise ValueError(_IMAGES_REQUIRED.format(name=name))
        n_donors = np.shape(donors)[0]
        new = [
            np.asarray(
                swap(
                    estimator,
                    X,
                    _safe_indexing(donors, [j]),
                    labels,
                    residual=residual,
                )
            )
            for j in range(n_donors)
        ]
        swapped = read_labels(model._labels, labels, "labels")
        names = [model.label_names_[label] for label in swapped]
        return cls(
            X, donors, np.stack(new, axis=1), label_names=names, image_shape=image_shape
        ).plot(ax=ax, cmap=cmap)

    def plot(self, *, ax: Ax = None, cmap: ColorMap = "gray") -> Self:
        """Draw the images.

        .. versionadded:: 0.2

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on. If None, a new figure is created.
        cmap : str or matplotlib Colormap, default="gray"
            Colour map of images without colour channels.

        Returns
        -------
        display : SwapDisplay
            The display itself.

        Examples
        --------
        >>> import numpy as np
        >>> from sklearn_revae.inspection import SwapDisplay
        >>> rows, new = np.zeros((2, 8, 8)), np.ones((2, 2, 8, 8))
        >>> SwapDisplay(rows, rows, new, label_names=["smile"]).plot(cmap="gray_r")
        <...SwapDisplay object at ...>
        """
        check_matplotlib_support(f"{type(self).__name__}.plot")
        images, donors, new = self._images()
        tiles = np.full((len(images) + 1, len(donors) + 1, *images.shape[1:]), np.nan)
        tiles[1:, 0], tiles[0, 1:], tiles[1:, 1:] = images, donors, new
        ax = axes_for(ax, tiles_size(tiles))
        self.im_ = draw_tiles(ax, tiles, shared_limits(tiles), cmap)
        label_tiles(
            ax,
            tiles,
            ["", *map(str, range(len(images)))],
            ["", *map(str, range(len(donors)))],
        )
        edge = (gap_of(tiles) - 1) / 2
        ax.axhline(tiles.shape[2] + edge, color="black", linewidth=1)
        ax.axvline(tiles.shape[3] + edge, color="black", linewidth=1)
        ax.set(xlabel=f"donor of {', '.join(self.label_names)}", ylabel="sample")
        self.ax_, self.figure_ = ax, ax.figure
        return self
