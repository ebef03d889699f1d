"""How flat rows hold images, and the layers that turn one into the other."""

from dataclasses import dataclass

import torch
from torch import nn

# Heights and widths for which the convolutional networks have a sensible depth.
SMALLEST_SIDE, LARGEST_SIDE = 16, 128


@dataclass(frozen=True)
class ImageShape:
    """How a flat row holds an image.

    Parameters
    ----------
    height, width : int
        Number of rows and of columns of pixels.
    channels : int, default=1
        Number of values per pixel.
    channels_last : bool, default=False
        Whether a row is a flattened (height, width, channels) array, or a flattened
        (channels, height, width) array.
    """

    height: int
    width: int
    channels: int = 1
    channels_last: bool = False

    @property
    def n_features(self):
        """Number of values in a row."""
        return self.height * self.width * self.channels

    def images(self, rows, n_parts=1):
        """Return the images that flat rows hold, without a copy if possible.

        Parameters
        ----------
        rows : torch.Tensor
            Of shape (n, n_parts * n_features).
        n_parts : int, default=1
            Number of images in a row, one after the other.

        Returns
        -------
        torch.Tensor
            Of shape (n, n_parts * channels, height, width): the channels of the images,
            one image after the other.
        """
        if not self.channels_last:
            channels = n_parts * self.channels
            return rows.unflatten(1, (channels, self.height, self.width))
        parts = rows.unflatten(1, (n_parts, self.height, self.width, self.channels))
        return parts.permute(0, 2, 3, 1, 4).flatten(3).permute(0, 3, 1, 2)

    def rows(self, images):
        """Flatten images: (n, channels, height, width) -> (n, n_features)."""
        if self.channels_last:
            images = images.permute(0, 2, 3, 1)
        return images.flatten(1)


def image_layout(shape):
    """Layout of images of `shape`: (H, W), (H, W, C) or (C, H, W).

    The last axis holds the channels if its length is 1, 3 or 4; otherwise the first axis
    does if its length is. If neither is, the shorter of the two holds them.
    """
    if len(shape) == 2:
        return ImageShape(*shape)
    first, last = shape[0], shape[-1]
    usual = (1, 3, 4)
    if last in usual or (first not in usual and last <= first):
        return ImageShape(shape[0], shape[1], last, channels_last=True)
    return ImageShape(shape[1], shape[2], first)


def convolves_on(image):
    """Whether the default networks for images of this shape are convolutional.

    `image` is None for samples that are not images.
    """
    if image is None:
        return False
    layout = image_layout(image)
    return min(layout.height, layout.width) >= SMALLEST_SIDE


def convolves(module):
    """Whether a module has convolutional layers."""
    kinds = (nn.Conv2d, nn.ConvTranspose2d)
    return any(isinstance(part, kinds) for part in module.modules())


def check_image_shape(image_shape):
    """Refuse images that are too small or too large for the convolutional networks.

    Parameters
    ----------
    image_shape : ImageShape
        How a row holds an image.

    Raises
    ------
    ValueError
        If the height or the width is less than 16 or more than 128 pixels.
    """
    height, width = image_shape.height, image_shape.width
    if min(height, width) >= SMALLEST_SIDE and max(height, width) <= LARGEST_SIDE:
        return
    raise ValueError(
        f"X holds images of {height} x {width} pixels (height x width), but the "
        f"convolutional networks require {SMALLEST_SIDE} to {LARGEST_SIDE} pixels per "
        "side. Pass your own modules as encoder= and decoder=, or pass X as 2-D, of "
        f"shape (n, {image_shape.n_features}), to use fully connected networks."
    )


class RowsToImages(nn.Module):
    """Layer that turns flat rows into images, see :meth:`ImageShape.images`."""

    def __init__(self, image_shape, n_parts):
        super().__init__()
        self.image_shape = image_shape
        self.n_parts = n_parts

    def forward(self, rows):
        """(n, n_parts * n_features) -> (n, n_parts * channels, height, width)."""
        return self.image_shape.images(rows, self.n_parts)


class ImagesToRows(nn.Module):
    """Layer that turns images into flat rows, see :meth:`ImageShape.rows`."""

    def __init__(self, image_shape):
        super().__init__()
        self.image_shape = image_shape

    def forward(self, images):
        """(n, channels, height, width) -> (n, n_features)."""
        return self.image_shape.rows(images)


class FastFormat(nn.Module):
    """Layer that puts images in the memory format that their device convolves fastest.

    Each layer returns the format that it was given. A network therefore needs this layer
    only once, at its first grid of more than one pixel.
    """

    # benchmarks/convolutions.py compares formats by setting this attribute.
    on_cpu = torch.channels_last

    def forward(self, images):
        """(n, channels, height, width) -> the same."""
        on_cpu = images.device.type == "cpu"
        memory_format = self.on_cpu if on_cpu else torch.contiguous_format
        return images.contiguous(memory_format=memory_format)
