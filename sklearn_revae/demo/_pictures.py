"""Rows that are pictures, as PNG within a page."""

import base64
import io
from dataclasses import dataclass

import numpy as np

from sklearn_revae.inspection._tiles import as_images, shared_limits

# Tiles of the gallery, a row of the sheet.
SHEET_COLUMNS = 10


@dataclass(frozen=True, eq=False)
class Pictures:
    """How rows become pictures: their shape, and the values that are black and white.

    Parameters
    ----------
    shape : tuple of int or None
        As `image_shape` of the estimators; None where rows have it themselves.
    limits : tuple of float
        Values drawn black and white.
    """

    shape: tuple | None
    limits: tuple

    @classmethod
    def of(cls, X, shape):
        """Pictures for rows X, or None where they are a table."""
        pictures = as_images(X, shape)
        if pictures is None:
            return None
        whole = getattr(X, "dtype", None) == np.uint8
        return cls(shape, (0.0, 255.0) if whole else shared_limits(pictures))

    def pixels(self, X):
        """Rows as uint8 of shape (n, height, width) or (n, height, width, channels)."""
        low, high = self.limits
        pictures = np.nan_to_num(as_images(X, self.shape), nan=low)
        scaled = (pictures - low) / (high - low if high > low else 1.0)
        return np.rint(255 * scaled.clip(0, 1)).astype(np.uint8)

    def png(self, row):
        """One row as a PNG file."""
        return _png(self.pixels(row)[0])

    def sheet(self, X):
        """All rows as tiles of one PNG file, `SHEET_COLUMNS` a line."""
        tiles = self.pixels(X)
        empty = -len(tiles) % SHEET_COLUMNS
        tiles = np.concatenate([tiles, np.zeros_like(tiles[:1]).repeat(empty, axis=0)])
        grid = tiles.reshape(-1, SHEET_COLUMNS, *tiles.shape[1:]).swapaxes(1, 2)
        height, width = tiles.shape[1:3]
        lines = len(tiles) // SHEET_COLUMNS
        joined = grid.reshape(lines * height, SHEET_COLUMNS * width, *tiles.shape[3:])
        return _png(joined)


def data_address(content, kind):
    """Bytes as an address that a page carries within itself."""
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def _png(pixels):
    from PIL import Image

    file = io.BytesIO()
    # Speed before size: these bytes go no further than this machine, mostly.
    Image.fromarray(pixels).save(file, "png", compress_level=1)
    return file.getvalue()
