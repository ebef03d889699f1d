"""The convolutional networks of the paper (arXiv 2006.10102), for comparison.

Images of 64 x 64 pixels get the network that the paper uses for faces. Other sizes follow
the same rule: convolutions halve the image until its grid is small, and one convolution
over the whole grid follows. Nothing is normalised.
"""

from itertools import pairwise

from torch import nn

from sklearn_revae._model.images import FastFormat, ImagesToRows, RowsToImages
from sklearn_revae._model.networks import make_layer

# Sides are halved while they are longer than this, and end between 4 and 7.
_LONGEST_GRID_SIDE = 7
# Number of channels after each halving; the last entry is for all further ones too.
_CHANNELS = (32, 32, 64, 128)
# Number of features that the encoder's body returns.
_WIDTH = 256


def _halve(side):
    """Length of a side after the next halving; a side that is short enough stays."""
    return side // 2 if side > _LONGEST_GRID_SIDE else side


def _grids(image_shape):
    """Sizes (height, width) of the image and of the grid after each halving."""
    grids = [(image_shape.height, image_shape.width)]
    while max(grids[-1]) > _LONGEST_GRID_SIDE:
        grids.append(tuple(_halve(side) for side in grids[-1]))
    return grids


def _channels(n_channels, n_halvings):
    """Numbers of channels of the image and after each halving."""
    # Small images are halved rarely, and start with the channels of the second halving.
    skipped = int(n_halvings < len(_CHANNELS))
    last = len(_CHANNELS) - 1
    places = (min(i + skipped, last) for i in range(n_halvings))
    return [n_channels, *(_CHANNELS[place] for place in places)]


def _halving_options(larger, smaller):
    """Kernel, stride and padding between two grids.

    They are 4, 2 and 1 along a side that is halved, and 3, 1 and 1 along a side that
    keeps its length because it is short enough.
    """
    halved = [a != b for a, b in zip(larger, smaller, strict=True)]
    return {
        "kernel_size": tuple(4 if h else 3 for h in halved),
        "stride": tuple(2 if h else 1 for h in halved),
        "padding": 1,
    }


def published_encoder_body(image_shape, generator, n_masks=0):
    """Return the body of the published encoder, and its width.

    Convolutions of kernel 4, stride 2 and padding 1 halve the sides until 4 to 7 pixels
    remain, with 32, 32, 64, 128, 128, ... channels (32, 64, 128 for three halvings or
    fewer). A convolution over the whole remaining grid follows. Each layer is followed by
    a ReLU.

    Parameters
    ----------
    image_shape : ImageShape
        How a row holds an image. The sizes are not checked, see
        :func:`~sklearn_revae._model.images.check_image_shape`.
    generator : torch.Generator
        Source of the initial weights.
    n_masks : int, default=0
        If 1, a row holds a mask after the values, in the same order: 1 for observed
        values, and 0 for missing ones. The network reads it as further channels.

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
    layers = [RowsToImages(image_shape, n_parts), FastFormat()]
    for (n_in, n_out), (larger, smaller) in zip(
        pairwise(channels), pairwise(grids), strict=True
    ):
        options = _halving_options(larger, smaller)
        layers += [
            make_layer(nn.Conv2d, n_in, n_out, generator=generator, **options),
            nn.ReLU(),
        ]
    last = make_layer(nn.Conv2d, channels[-1], _WIDTH, grids[-1], generator=generator)
    return nn.Sequential(*layers, last, nn.ReLU(), nn.Flatten()), _WIDTH


def published_decoder(latent_dim, image_shape, generator):
    """Return the published decoder, whose layers mirror those of the encoder.

    Parameters
    ----------
    latent_dim : int
        Number of latent dimensions.
    image_shape : ImageShape
        How a row holds an image. The sizes are not checked, see
        :func:`~sklearn_revae._model.images.check_image_shape`.
    generator : torch.Generator
        Source of the initial weights.

    Returns
    -------
    torch.nn.Module
        Maps latent codes (n, latent_dim) to rows (n, n_features).
    """
    grids = _grids(image_shape)[::-1]
    channels = _channels(image_shape.channels, len(grids) - 1)[::-1]
    layers = [
        make_layer(nn.Linear, latent_dim, _WIDTH, generator=generator),
        nn.ReLU(),
        nn.Unflatten(1, (_WIDTH, 1, 1)),
        make_layer(
            nn.ConvTranspose2d, _WIDTH, channels[0], grids[0], generator=generator
        ),
        FastFormat(),
    ]
    for (n_in, n_out), (smaller, larger) in zip(
        pairwise(channels), pairwise(grids), strict=True
    ):
        options = _halving_options(larger, smaller)
        # Restores the last pixel of an odd side, which a halving drops.
        options["output_padding"] = tuple(
            a - b * s for a, b, s in zip(larger, smaller, options["stride"], strict=True)
        )
        layers += [
            nn.ReLU(),
            make_layer(nn.ConvTranspose2d, n_in, n_out, generator=generator, **options),
        ]
    return nn.Sequential(*layers, ImagesToRows(image_shape))
