"""Fully connected encoders and decoders, and the head of every encoder."""

import math
from functools import cache
from itertools import pairwise

import torch
from torch import nn
from torch.nn import functional as F

# Keeps log-densities finite, however small training makes the scale of a posterior.
MIN_POSTERIOR_SCALE = 1e-3
_SOFTPLUS_INVERSE_OF_ONE = math.log(math.expm1(1.0))


@cache
def _without_reset(layer_class):
    """A subclass whose new layers leave their weights as the memory was."""
    return type(
        layer_class.__name__, (layer_class,), {"reset_parameters": lambda _: None}
    )


def layer_without_weights(layer_class, *sizes, **options):
    """Return a layer whose weights have not been drawn, with those arguments.

    ``torch.nn.utils.skip_init`` does the same, but its first call in a process imports
    sympy, which takes as long as 100 training steps.
    """
    layer = _without_reset(layer_class)(*sizes, device="cpu", **options)
    layer.__class__ = layer_class
    return layer


def make_layer(layer_class, *sizes, generator, **options):
    """Return a layer with torch's default distribution of initial weights.

    Parameters
    ----------
    layer_class : type
        A linear or (transposed) convolutional layer of torch.
    *sizes, **options
        Its arguments.
    generator : torch.Generator
        Source of the initial weights, in place of torch's global generator.

    Returns
    -------
    torch.nn.Module
        The layer. Its weight and bias are uniform between ±1/sqrt(fan_in), where torch
        takes fan_in from the first axis of the weight, for transposed convolutions too.
    """
    layer = layer_without_weights(layer_class, *sizes, **options)
    limit = 1.0 / math.sqrt(layer.weight.shape[1:].numel())
    with torch.no_grad():
        layer.weight.uniform_(-limit, limit, generator=generator)
        layer.bias.uniform_(-limit, limit, generator=generator)
    return layer


def mlp(sizes, generator, linear=False):
    """Linear layers through the widths `sizes`, input first, each followed by a ReLU.

    If `linear`, nothing follows them, and the network is a linear map.
    """
    activation = nn.Identity if linear else nn.ReLU
    layers = []
    for n_in, n_out in pairwise(sizes):
        layers += [make_layer(nn.Linear, n_in, n_out, generator=generator), activation()]
    return nn.Sequential(*layers)


class GaussianEncoder(nn.Module):
    """q(z|x): a body that reads the row, and a head that returns mean and scale.

    Parameters
    ----------
    body : torch.nn.Module
        Maps rows (n, n_features), or what `encoding` makes of them, to (n, body_width).
    body_width : int
        Width of what `body` returns.
    latent_dim : int
        Number of latent dimensions.
    generator : torch.Generator
        Source of the head's initial weights.
    encoding : torch.nn.Module, optional
        Encodes rows before `body` reads them.
    """

    def __init__(self, body, body_width, latent_dim, generator, encoding=None):
        super().__init__()
        self.encoding = nn.Identity() if encoding is None else encoding
        self.body = body
        self.head = make_layer(nn.Linear, body_width, 2 * latent_dim, generator=generator)

    def forward(self, x):
        """Return the mean and the scale of the posterior, each (n, latent_dim)."""
        mean, raw_scale = self.head(self.features(x)).chunk(2, dim=-1)
        # The offset makes scales start close to one, as in the prior.
        scale = F.softplus(raw_scale + _SOFTPLUS_INVERSE_OF_ONE) + MIN_POSTERIOR_SCALE
        return mean, scale

    def mean(self, x):
        """Return the mean of the posterior only, which takes less time."""
        return self.head(self.features(x)).chunk(2, dim=-1)[0]

    def features(self, x):
        """What the head reads of rows, (n, body_width)."""
        return self.body(self.encoding(x))


def mlp_encoder_body(n_features, hidden_layer_sizes, generator, linear=False):
    """Body of the default encoder, and its width."""
    sizes = [n_features, *hidden_layer_sizes]
    return mlp(sizes, generator, linear), sizes[-1]


def mlp_decoder(latent_dim, hidden_layer_sizes, n_features, generator):
    """The default decoder, whose layers mirror those of the encoder."""
    sizes = [latent_dim, *reversed(hidden_layer_sizes)]
    hidden = mlp(sizes, generator)
    last = make_layer(nn.Linear, sizes[-1], n_features, generator=generator)
    return nn.Sequential(hidden, last)
