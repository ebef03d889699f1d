"""Images as the tiles of one large image, so that a grid of them needs one Axes."""

import math

import numpy as np

from sklearn_revae.inspection._axes import tidy

# Numbers of channels that can be displayed: grey, RGB and RGBA.
_CHANNELS = (1, 3, 4)
# Width of the gap between tiles, as a fraction of their shorter side.
_GAP = 0.1
_TILE_INCHES = 0.8
_LARGEST_INCHES = 12.0


def as_images(X, image_shape=None, n_axes=1, name="X"):
    """Return X as images of floats with the channels last, or None if X is a table.

    Parameters
    ----------
    X : array-like
        Images, or flat samples that `image_shape` turns into images. Its first `n_axes`
        axes do not belong to an image.
    image_shape : tuple of int or None
        (height, width), with the number of channels last or first if there are channels.
        If None, the shape of X itself is used.
    n_axes : int
        Number of axes before those of an image.
    name : str
        Name of the argument that holds X, for error messages.

    Returns
    -------
    images : ndarray of shape (..., height, width) or (..., height, width, channels)
        The images; a single channel has no axis. None if `image_shape` is None and the
        samples are flat.

    Raises
    ------
    ValueError
        If the shape does not match X, or such images cannot be displayed.
    """
    shape = np.shape(X) if not hasattr(X, "shape") else tuple(X.shape)
    lead, own = shape[:n_axes], shape[n_axes:]
    if image_shape is None and len(own) < 2:
        return None
    target = own if image_shape is None else tuple(np.atleast_1d(image_shape))
    if len(target) not in (2, 3) or math.prod(target) != math.prod(own):
        raise ValueError(
            f"image_shape={image_shape!r} does not match {name}, whose samples have the "
            f"shape {own}: pass (height, width), with the number of channels last or "
            f"first if there are channels, whose product is {math.prod(own)}."
        )
    X = X.toarray() if hasattr(X, "toarray") else np.asarray(X)
    images = X.astype(np.float64).reshape(*lead, *target)
    if len(target) == 2:
        return images
    if target[-1] not in _CHANNELS:
        if target[0] not in _CHANNELS:
            raise ValueError(
                f"The images in {name} have the shape {target}, but only images with 1, "
                "3 or 4 channels, first or last, can be displayed: select such channels, "
                "and pass the arrays to the display's constructor."
            )
        images = np.moveaxis(images, n_axes, -1)
    return images[..., 0] if images.shape[-1] == 1 else images


def shared_limits(tiles):
    """Values that are drawn black and white in all tiles (rows, columns, height, ...).

    They are the smallest and the largest value, except that colours are not stretched:
    their limits are 0 and 1, or 0 and 255, if all values lie between them. So are those
    of grey images of a single shade.
    """
    low, high = float(np.nanmin(tiles)), float(np.nanmax(tiles))
    if tiles.ndim > 4 or low == high:
        for white in (1.0, 255.0):
            if low >= 0 and high <= white:
                return 0.0, white
    return low, high if high > low else low + 1


def scaled(images, limits):
    """Scale images (n, height, width[, channels]) from `limits` to [0, 1].

    Transparency begins at 0.
    """
    low, high = limits
    if images.ndim > 3:
        low = np.array([low, low, low, min(low, 0.0)])[: images.shape[-1]]
    return ((images - low) / (high - low)).clip(0, 1)


def gap_of(tiles):
    """Width in pixels of the gap between tiles (rows, columns, height, width, ...)."""
    return max(1, round(_GAP * min(tiles.shape[2:4])))


def mosaic(tiles):
    """Join tiles (rows, columns, height, width, ...) to one image with gaps of NaN."""
    gap = gap_of(tiles)
    widths = [(0, 0)] * 2 + [(0, gap)] * 2 + [(0, 0)] * (tiles.ndim - 4)
    padded = np.pad(tiles, widths, constant_values=np.nan)
    n_rows, n_columns, height, width = padded.shape[:4]
    joined = padded.swapaxes(1, 2).reshape(
        n_rows * height, n_columns * width, *tiles.shape[4:]
    )
    return joined[:-gap, :-gap]


def as_drawn(image, limits):
    """Return an image as imshow takes it.

    A grey image is returned as it is. A colour image is scaled from `limits` to [0, 1] as
    RGBA, with transparent pixels where it is NaN.
    """
    if image.ndim == 2:
        return image
    transparent = np.isnan(image).any(axis=-1)
    rgba = np.ones((*image.shape[:2], 4))
    rgba[..., : image.shape[-1]] = scaled(image[None], limits)[0]
    rgba[transparent] = 0.0
    return rgba


def draw_tiles(ax, tiles, limits, cmap, first_column=0):
    """Draw tiles (rows, columns, height, width, ...) as one image and return its artist.

    The image starts at the position of column `first_column` of the grid.
    """
    image = as_drawn(mosaic(tiles), limits)
    height, width = image.shape[:2]
    left = first_column * (tiles.shape[3] + gap_of(tiles))
    return ax.imshow(
        image,
        cmap=cmap,
        vmin=limits[0],
        vmax=limits[1],
        interpolation="nearest",
        extent=(left - 0.5, left + width - 0.5, height - 0.5, -0.5),
    )


def label_tiles(ax, tiles, row_labels, column_labels):
    """Label the rows on the left and the columns at the top of tiles that fill `ax`."""
    gap = gap_of(tiles)
    n_rows, n_columns, height, width = tiles.shape[:4]
    ax.set_xlim(-0.5, n_columns * (width + gap) - gap - 0.5)
    ax.set_ylim(n_rows * (height + gap) - gap - 0.5, -0.5)
    middle = (width - 1) / 2 + (width + gap) * np.arange(n_columns)
    ax.set_xticks(middle, column_labels)
    ax.set_yticks((height - 1) / 2 + (height + gap) * np.arange(n_rows), row_labels)
    ax.xaxis.set_label_position("top")
    ax.tick_params(top=False, bottom=False, left=False, labeltop=True, labelbottom=False)
    tidy(ax, frame=False)


def tiles_size(tiles, extra=0.0):
    """Size in inches (width, height) of a figure of tiles and the text around them."""
    n_rows, n_columns, height, width = tiles.shape[:4]
    across = n_columns * _TILE_INCHES
    down = n_rows * _TILE_INCHES * height / width
    shrink = min(1.0, _LARGEST_INCHES / max(across, down))
    return max(across * shrink + 1.2 + extra, 3.0), max(down * shrink + 1.0, 2.2)
