"""Pictures as tiles of one large picture, so that a grid of them needs one Axes."""

import math

import numpy as np

from sklearn_revae.inspection._axes import tidy

# Grey, RGB and RGBA: what can be drawn.
_CHANNELS = (1, 3, 4)
# Paper between tiles beside their shorter side.
_GAP = 0.1
_TILE_INCHES = 0.8
_LARGEST_INCHES = 12.0


def as_pictures(X, image_shape=None, n_axes=1, name="X"):
    """Floats (..., height, width) or (..., height, width, channels) of X, or None.

    Parameters
    ----------
    X : array-like
        Pictures, or rows of numbers that `image_shape` makes pictures of, along the
        first `n_axes` axes.
    image_shape : tuple of int or None
        (height, width), with the channels last or first if there are any. None takes
        X's own shape, and returns None where X is a table.
    n_axes : int
        Number of axes before those of a picture.
    name : str
        What messages call X.

    Raises
    ------
    ValueError
        If the shape does not fit X, or cannot be drawn.
    """
    shape = np.shape(X) if not hasattr(X, "shape") else tuple(X.shape)
    lead, own = shape[:n_axes], shape[n_axes:]
    if image_shape is None and len(own) < 2:
        return None
    wanted = own if image_shape is None else tuple(np.atleast_1d(image_shape))
    if len(wanted) not in (2, 3) or math.prod(wanted) != math.prod(own):
        raise ValueError(
            f"image_shape={image_shape!r} does not fit {name}, whose rows have shape "
            f"{own}: pass (height, width), with the channels last or first, that make "
            f"{math.prod(own)} values."
        )
    X = X.toarray() if hasattr(X, "toarray") else np.asarray(X)
    pictures = X.astype(np.float64).reshape(*lead, *wanted)
    if len(wanted) == 2:
        return pictures
    if wanted[-1] not in _CHANNELS:
        if wanted[0] not in _CHANNELS:
            raise ValueError(
                f"{name} holds pictures of shape {wanted}, of which no axis is one of "
                "1, 3 or 4 channels: choose channels to draw, and a Display made from "
                "arrays."
            )
        pictures = np.moveaxis(pictures, n_axes, -1)
    return pictures[..., 0] if pictures.shape[-1] == 1 else pictures


def shared_limits(*pictures):
    """Smallest and largest value of all `pictures`: one scale for every tile."""
    low = min(np.nanmin(p) for p in pictures)
    high = max(np.nanmax(p) for p in pictures)
    return float(low), float(high)


def gap_of(tiles):
    """Pixels of paper between tiles (rows, columns, height, width, ...)."""
    return max(1, round(_GAP * min(tiles.shape[2:4])))


def mosaic(tiles):
    """One picture of tiles (rows, columns, height, width, ...), NaN between them."""
    gap = gap_of(tiles)
    widths = [(0, 0)] * 2 + [(0, gap)] * 2 + [(0, 0)] * (tiles.ndim - 4)
    padded = np.pad(tiles, widths, constant_values=np.nan)
    n_rows, n_columns, height, width = padded.shape[:4]
    joined = padded.swapaxes(1, 2).reshape(
        n_rows * height, n_columns * width, *tiles.shape[4:]
    )
    return joined[:-gap, :-gap]


def as_drawn(picture, limits):
    """A picture as imshow takes it: greys as they are, colours as RGBA, NaN clear."""
    if picture.ndim == 2:
        return picture
    low, high = limits
    clear = np.isnan(picture).any(axis=-1)
    scaled = np.nan_to_num((picture - low) / (high - low if high > low else 1.0))
    rgba = np.ones((*picture.shape[:2], 4))
    rgba[..., : picture.shape[-1]] = scaled.clip(0, 1)
    rgba[clear] = 0.0
    return rgba


def draw_tiles(ax, tiles, limits, cmap, first_column=0):
    """Draw tiles (rows, columns, height, width, ...) as one picture; return the artist.

    The picture starts where the tile of column `first_column` has its place.
    """
    picture = as_drawn(mosaic(tiles), limits)
    height, width = picture.shape[:2]
    left = first_column * (tiles.shape[3] + gap_of(tiles))
    return ax.imshow(
        picture,
        cmap=cmap,
        vmin=limits[0],
        vmax=limits[1],
        interpolation="nearest",
        extent=(left - 0.5, left + width - 0.5, height - 0.5, -0.5),
    )


def label_tiles(ax, tiles, row_labels, column_labels):
    """Name the rows on the left and the columns on top of tiles that fill `ax`."""
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
    """Inches (width, height) of a figure of tiles, with room for the text around them."""
    n_rows, n_columns, height, width = tiles.shape[:4]
    across = n_columns * _TILE_INCHES
    down = n_rows * _TILE_INCHES * height / width
    shrink = min(1.0, _LARGEST_INCHES / max(across, down))
    return max(across * shrink + 1.2 + extra, 3.0), max(down * shrink + 1.0, 2.2)
