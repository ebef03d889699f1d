"""Encoders and decoders: multilayer perceptrons, or a module of the user's own."""

import math
from itertools import pairwise

import torch
from torch import nn
from torch.nn import functional as F

# Keeps log-densities finite however far training drives a posterior's scale down.
MIN_POSTERIOR_SCALE = 1e-3
_SOFTPLUS_INVERSE_OF_ONE = math.log(math.expm1(1.0))


def linear(n_in, n_out, generator):
    """Linear layer initialised from `generator`, not from torch's global one."""
    layer = nn.utils.skip_init(nn.Linear, n_in, n_out)
    limit = 1.0 / math.sqrt(n_in)
    with torch.no_grad():
        layer.weight.uniform_(-limit, limit, generator=generator)
        layer.bias.uniform_(-limit, limit, generator=generator)
    return layer


def mlp(sizes, generator):
    """Rectified linear layers through the widths `sizes`, input first."""
    layers = []
    for n_in, n_out in pairwise(sizes):
        layers += [linear(n_in, n_out, generator), nn.ReLU()]
    return nn.Sequential(*layers)


class GaussianEncoder(nn.Module):
    """q(z|x): a body that reads the row, and a head that gives mean and scale.

    Parameters
    ----------
    body : torch.nn.Module
        Maps rows (n, n_features) to (n, body_width).
    body_width : int
        Width of what `body` returns.
    latent_dim : int
        Number of latents.
    generator : torch.Generator
        Source of the head's starting weights.
    """

    def __init__(self, body, body_width, latent_dim, generator):
        super().__init__()
        self.body = body
        self.head = linear(body_width, 2 * latent_dim, generator)

    @property
    def is_linear(self):
        """Whether nothing stands before the head."""
        return not any(True for _ in self.body.parameters())

    def forward(self, x):
        """Return the posterior's mean and scale, each (n, latent_dim)."""
        mean, raw_scale = self.head(self.body(x)).chunk(2, dim=-1)
        # The shift starts scales near one, the prior's.
        scale = F.softplus(raw_scale + _SOFTPLUS_INVERSE_OF_ONE) + MIN_POSTERIOR_SCALE
        return mean, scale


def mlp_encoder_body(n_features, hidden_layer_sizes, generator):
    """Body of the default encoder, and its width."""
    sizes = [n_features, *hidden_layer_sizes]
    return mlp(sizes, generator), sizes[-1]


def mlp_decoder(latent_dim, hidden_layer_sizes, n_features, generator):
    """Return the default decoder, the encoder's mirror image."""
    sizes = [latent_dim, *reversed(hidden_layer_sizes)]
    return nn.Sequential(mlp(sizes, generator), linear(sizes[-1], n_features, generator))
