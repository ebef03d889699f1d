"""Shapes, initial weights and limits of encoder and decoder."""

import pytest
import torch
from torch import nn

from sklearn_revae._model.networks import (
    MIN_POSTERIOR_SCALE,
    GaussianEncoder,
    make_layer,
    mlp_decoder,
    mlp_encoder_body,
)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def encoder(seed=0):
    body, width = mlp_encoder_body(5, (7, 6), seeded(seed))
    return GaussianEncoder(body, width, 3, seeded(seed)).double()


def widths(module):
    return [
        (m.in_features, m.out_features)
        for m in module.modules()
        if isinstance(m, nn.Linear)
    ]


def test_decoder_mirrors_the_encoder():
    assert widths(encoder()) == [(5, 7), (7, 6), (6, 6)]
    assert widths(mlp_decoder(3, (7, 6), 5, seeded())) == [(3, 6), (6, 7), (7, 5)]


def test_encoder_and_decoder_without_hidden_layers_are_affine():
    body, width = mlp_encoder_body(5, (), seeded())
    assert width == 5
    x = torch.randn(4, 5)
    assert torch.equal(body(x), x)
    assert widths(mlp_decoder(3, (), 5, seeded())) == [(3, 5)]


def test_last_layer_of_the_decoder_has_no_relu():
    output = mlp_decoder(3, (7,), 5, seeded())(torch.randn(50, 3, generator=seeded()))
    assert (output < 0).any()


def test_encoder_returns_mean_and_scale_of_each_latent():
    mean, scale = encoder()(torch.zeros(4, 5, dtype=torch.float64))
    assert mean.shape == scale.shape == (4, 3)
    assert (scale > 0).all()


def test_scale_is_one_where_the_head_gives_zero():
    module = encoder()
    nn.init.zeros_(module.head.weight)
    nn.init.zeros_(module.head.bias)
    _, scale = module(torch.zeros(1, 5, dtype=torch.float64))
    torch.testing.assert_close(scale, torch.ones_like(scale), rtol=0, atol=2e-3)


def test_scale_never_falls_below_its_limit():
    module = encoder()
    nn.init.constant_(module.head.bias, -1e4)
    _, scale = module(torch.zeros(1, 5, dtype=torch.float64))
    assert (scale == MIN_POSTERIOR_SCALE).all()


@pytest.mark.parametrize("n_in", [1, 16, 400])
def test_initial_weights_are_within_the_limits_of_torch(n_in):
    layer = make_layer(nn.Linear, n_in, 200, generator=seeded())
    limit = n_in**-0.5
    for parameter in layer.parameters():
        assert parameter.abs().max() <= limit
        assert parameter.abs().max() > 0.9 * limit


def test_initial_weights_only_depend_on_the_seed():
    first, same, other = encoder(0), encoder(0), encoder(1)
    for a, b, c in zip(
        first.parameters(), same.parameters(), other.parameters(), strict=True
    ):
        assert torch.equal(a, b)
        assert (a != c).any()


def test_initialisation_does_not_change_the_global_random_state():
    state = torch.random.get_rng_state()
    encoder()
    mlp_decoder(3, (7, 6), 5, seeded())
    assert torch.equal(torch.random.get_rng_state(), state)


@pytest.mark.parametrize(
    ("layer_class", "sizes"),
    [(nn.Linear, (4, 3)), (nn.Conv2d, (2, 3, 3)), (nn.ConvTranspose2d, (2, 3, 3))],
)
def test_a_layer_is_one_of_torch_and_draws_from_its_generator_only(layer_class, sizes):
    before = torch.get_rng_state()
    layer = make_layer(layer_class, *sizes, generator=seeded())
    assert torch.equal(torch.get_rng_state(), before)
    assert type(layer) is layer_class
    weight = layer.weight.detach().clone()
    layer.reset_parameters()
    assert not torch.equal(layer.weight, weight)
