"""Convolutional encoder and decoder of images, which stay flat rows outside.

The network for faces of the paper (arXiv 2006.10102) at 64 x 64 pixels, and what the
same rule gives at other sizes: convolutions that halve the image until its grid is
small, then one convolution over that whole grid.
"""

import math
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import nn

from sklearn_revae._model.networks import linear

# Heights and widths for which the rule gives networks of sensible depth.
SMALLEST_SIDE, LARGEST_SIDE = 16, 128
# Sides are halved while longer than this; they end between 4 and 7.
_LONGEST_GRID_SIDE = 7
# Channels after each halving; the last entry serves deeper ones too.
_CHANNELS = (32, 32, 64, 128)
_WIDTH = 256


@dataclass(frozen=True)
class ImageShape:
    """How a flat row holds an image.

    Parameters
    ----------
    height, width : int
        Pixels down and across.
    channels : int, default=1
        Values a pixel.
    channels_last : bool, default=False
        Whether the row is a flattened (height, width, channels) array, and not a
        (channels, height, width) one.
    """

    height: int
    width: int
    channels: int = 1
    channels_last: bool = False

    @property
    def n_features(self):
        """Number of values a row."""
        return self.height * self.width * self.channels

    def images(self, rows, n_parts=1):
        """Images of flat rows, without a copy where memory order allows.

        Parameters
        ----------
        rows : torch.Tensor
            Of shape (n, n_parts * n_features).
        n_parts : int, default=1
            Images a row, one behind the other.

        Returns
        -------
        torch.Tensor
            Of shape (n, n_parts * channels, height, width), the parts' channels one
            behind the other.
        """
        if not self.channels_last:
            channels = n_parts * self.channels
            return rows.unflatten(1, (channels, self.height, self.width))
        parts = rows.unflatten(1, (n_parts, self.height, self.width, self.channels))
        return parts.permute(0, 2, 3, 1, 4).flatten(3).permute(0, 3, 1, 2)

    def rows(self, images):
        """Flat rows of images: (n, channels, height, width) -> (n, n_features)."""
        if self.channels_last:
            images = images.permute(0, 2, 3, 1)
        return images.flatten(1)


def convolves(module):
    """Whether a module has convolutional layers."""
    return any(isinstance(part, nn.Conv2d) for part in module.modules())


def check_image_shape(image_shape):
    """Refuse images for which the convolutional networks are not made.

    Parameters
    ----------
    image_shape : ImageShape
        What a row holds.

    Raises
    ------
    ValueError
        If height or width is under 16 or over 128 pixels.
    """
    height, width = image_shape.height, image_shape.width
    if min(height, width) >= SMALLEST_SIDE and max(height, width) <= LARGEST_SIDE:
        return
    raise ValueError(
        f"X holds images of {height} x {width} pixels (height x width), and the "
        f"convolutional networks take {SMALLEST_SIDE} to {LARGEST_SIDE} pixels a side: "
        "give modules of your own through encoder= and decoder=, or X as 2-D, of shape "
        f"(n, {image_shape.n_features}), for fully connected networks."
    )


def initialised(layer_class, *sizes, generator, **options):
    """Layer with torch's default starting weights, drawn from `generator`.

    Parameters
    ----------
    layer_class : type
        A linear or (transposed) convolutional layer of torch, with a bias.
    *sizes, **options
        Its arguments.
    generator : torch.Generator
        Source of the starting weights.

    Returns
    -------
    torch.nn.Module
        The layer, weight and bias uniform between ±1/sqrt(fan_in). torch counts as
        fan-in what one index of the weight's first axis holds, for transposed
        convolutions as well.
    """
    layer = nn.utils.skip_init(layer_class, *sizes, **options)
    limit = 1.0 / math.sqrt(layer.weight[0].numel())
    with torch.no_grad():
        layer.weight.uniform_(-limit, limit, generator=generator)
        layer.bias.uniform_(-limit, limit, generator=generator)
    return layer


class _Images(nn.Module):
    """Flat rows to images, see :meth:`ImageShape.images`."""

    def __init__(self, image_shape, n_parts):
        super().__init__()
        self.image_shape = image_shape
        self.n_parts = n_parts

    def forward(self, rows):
        """(n, n_parts * n_features) -> (n, n_parts * channels, height, width)."""
        return self.image_shape.images(rows, self.n_parts)


class _Rows(nn.Module):
    """Images to flat rows, see :meth:`ImageShape.rows`."""

    def __init__(self, image_shape):
        super().__init__()
        self.image_shape = image_shape

    def forward(self, images):
        """(n, channels, height, width) -> (n, n_features)."""
        return self.image_shape.rows(images)


class FastFormat(nn.Module):
    """Images in the memory format in which their device convolves them fastest.

    One layer's format is the next one's, so that a network needs this once, at its
    first grid of more than one pixel.
    """

    # benchmarks/convolutions.py measures what this gains, and sets it to compare.
    on_cpu = torch.channels_last

    def forward(self, images):
        """(n, channels, height, width) -> the same."""
        on_cpu = images.device.type == "cpu"
        memory_format = self.on_cpu if on_cpu else torch.contiguous_format
        return images.contiguous(memory_format=memory_format)


def _halve(side):
    """Length of a side after the next halving, the side itself once short enough."""
    return side // 2 if side > _LONGEST_GRID_SIDE else side


def _grids(image_shape):
    """(height, width) of the image and after each halving."""
    grids = [(image_shape.height, image_shape.width)]
    while max(grids[-1]) > _LONGEST_GRID_SIDE:
        grids.append(tuple(_halve(side) for side in grids[-1]))
    return grids


def _channels(n_channels, n_halvings):
    """Channels of the image and after each halving."""
    # Small pictures have few halvings: they begin where the large ones' second one is.
    skipped = int(n_halvings < len(_CHANNELS))
    last = len(_CHANNELS) - 1
    places = (min(i + skipped, last) for i in range(n_halvings))
    return [n_channels, *(_CHANNELS[place] for place in places)]


def _halving_options(larger, smaller):
    """Kernel, stride and padding between two grids: 4, 2, 1 along each halved side.

    A side that is short enough already keeps its length, by 3, 1, 1.
    """
    halved = [a != b for a, b in zip(larger, smaller, strict=True)]
    return {
        "kernel_size": tuple(4 if h else 3 for h in halved),
        "stride": tuple(2 if h else 1 for h in halved),
        "padding": 1,
    }


def conv_encoder_body(image_shape, generator, n_masks=0):
    """Body of the convolutional encoder, and its width.

    Sides are halved by convolutions of kernel 4, stride 2 and padding 1 until 4 to 7
    pixels remain, with 32, 32, 64, 128, 128, ... channels (32, 64, 128 where there are
    three halvings or fewer); a convolution over that whole grid follows. A rectifier
    follows each.

    Parameters
    ----------
    image_shape : ImageShape
        What a row holds. Sizes are not checked, see :func:`check_image_shape`.
    generator : torch.Generator
        Source of the starting weights.
    n_masks : int, default=0
        With 1, rows hold a mask behind the values, in the same order: whether each was
        observed, 1 or 0. The network sees it as further channels.

    Returns
    -------
    body : torch.nn.Module
        Maps rows (n, (1 + n_masks) * n_features) to features (n, width).
    width : int
        256.
    """
    n_parts = 1 + n_masks
    grids = _grids(image_shape)
    channels = _channels(n_parts * image_shape.channels, len(grids) - 1)
    layers = [_Images(image_shape, n_parts), FastFormat()]
    for (n_in, n_out), (larger, smaller) in zip(
        pairwise(channels), pairwise(grids), strict=True
    ):
        options = _halving_options(larger, smaller)
        layers += [
            initialised(nn.Conv2d, n_in, n_out, generator=generator, **options),
            nn.ReLU(),
        ]
    last = initialised(nn.Conv2d, channels[-1], _WIDTH, grids[-1], generator=generator)
    return nn.Sequential(*layers, last, nn.ReLU(), nn.Flatten()), _WIDTH


def conv_decoder(latent_dim, image_shape, generator):
    """Convolutional decoder, the mirror image of the encoder for such images.

    Parameters
    ----------
    latent_dim : int
        Number of latents.
    image_shape : ImageShape
        What a row holds. Sizes are not checked, see :func:`check_image_shape`.
    generator : torch.Generator
        Source of the starting weights.

    Returns
    -------
    torch.nn.Module
        Maps latents (n, latent_dim) to rows (n, n_features).
    """
    grids = _grids(image_shape)[::-1]
    channels = _channels(image_shape.channels, len(grids) - 1)[::-1]
    layers = [
        linear(latent_dim, _WIDTH, generator),
        nn.ReLU(),
        nn.Unflatten(1, (_WIDTH, 1, 1)),
        initialised(
            nn.ConvTranspose2d, _WIDTH, channels[0], grids[0], generator=generator
        ),
        FastFormat(),
    ]
    for (n_in, n_out), (smaller, larger) in zip(
        pairwise(channels), pairwise(grids), strict=True
    ):
        options = _halving_options(larger, smaller)
        # A halving drops the odd pixel, which comes back here.
        options["output_padding"] = tuple(
            a - b * s for a, b, s in zip(larger, smaller, options["stride"], strict=True)
        )
        layers += [
            nn.ReLU(),
            initialised(nn.ConvTranspose2d, n_in, n_out, generator=generator, **options),
        ]
    return nn.Sequential(*layers, _Rows(image_shape))
