"""Samples that are images, as PNG files within a page."""

import base64
import io
from dataclasses import dataclass

import numpy as np

from sklearn_revae.inspection._tiles import as_images, scaled, shared_limits

# Tiles per row of the sheet that holds the images of the gallery.
SHEET_COLUMNS = 10


@dataclass(frozen=True, eq=False)
class Images:
    """How samples are drawn as images: their shape, and the values of black and white.

    Parameters
    ----------
    shape : tuple of int or None
        `image_shape` of flat samples; None if the samples have the shape of images.
    limits : tuple of float
        Values that are drawn black and white.
    """

    shape: tuple | None
    limits: tuple

    @classmethod
    def of(cls, X, shape):
        """Return how to draw the samples X, or None if X is a table."""
        images = as_images(X, shape)
        if images is None:
            return None
        is_uint8 = getattr(X, "dtype", None) == np.uint8
        return cls(shape, (0.0, 255.0) if is_uint8 else shared_limits(images[None]))

    def pixels(self, X):
        """Convert samples to uint8 of shape (n, height, width[, channels])."""
        images = np.nan_to_num(as_images(X, self.shape), nan=self.limits[0])
        return np.rint(255 * scaled(images, self.limits)).astype(np.uint8)

    def png(self, sample):
        """Encode a sample, of shape (1, ...), as a PNG file."""
        return _png(self.pixels(sample)[0])

    def sheet(self, X):
        """Encode all samples as tiles of one PNG file, `SHEET_COLUMNS` per row."""
        tiles = self.pixels(X)
        n_empty = -len(tiles) % SHEET_COLUMNS
        empty = np.zeros_like(tiles[:1]).repeat(n_empty, axis=0)
        tiles = np.concatenate([tiles, empty])
        grid = tiles.reshape(-1, SHEET_COLUMNS, *tiles.shape[1:]).swapaxes(1, 2)
        height, width = tiles.shape[1:3]
        n_rows = len(tiles) // SHEET_COLUMNS
        joined = grid.reshape(n_rows * height, SHEET_COLUMNS * width, *tiles.shape[3:])
        return _png(joined)


def data_url(content, media_type):
    """Encode bytes as a data URL, which a page can contain."""
    return f"data:{media_type};base64,{base64.b64encode(content).decode()}"


def _png(pixels):
    from PIL import Image

    file = io.BytesIO()
    # Fast compression, because the server usually runs on the same machine.
    Image.fromarray(pixels).save(file, "png", compress_level=1)
    return file.getvalue()
