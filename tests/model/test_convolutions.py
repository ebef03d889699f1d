"""Shapes, memory orders, initial weights and limits of the convolutional networks.

What holds for the default networks and for the published ones is tested for both.
"""

import copy
import pickle
from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from sklearn_revae._model.convolutions import image_decoder, image_encoder_body
from sklearn_revae._model.images import ImageShape, check_image_shape, convolves
from sklearn_revae._model.published import published_decoder, published_encoder_body

LATENT_DIM = 5
PAPER = ImageShape(64, 64, 3, channels_last=True)
SIZES = [
    (16, 16),
    (17, 31),
    (28, 28),
    (33, 48),
    (64, 64),
    (16, 128),
    (101, 67),
    (128, 128),
]
SHAPES = [
    ImageShape(*size, channels, channels_last)
    for size in SIZES
    for channels, channels_last in [(1, False), (3, False), (3, True)]
]
ODD = ImageShape(17, 31, 3, channels_last=True)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


@dataclass(frozen=True)
class Networks:
    """An encoder and a decoder that belong together."""

    encoder_body: Callable
    decoder: Callable

    def body_of(self, shape, n_masks=0, seed=0):
        return self.encoder_body(shape, seeded(seed), n_masks)[0]

    def decoder_of(self, shape, seed=0):
        return self.decoder(LATENT_DIM, shape, seeded(seed))

    def both_of(self, shape, seed=0):
        return nn.ModuleList(
            [self.body_of(shape, seed=seed), self.decoder_of(shape, seed)]
        )


DEFAULT = Networks(image_encoder_body, image_decoder)
PUBLISHED = Networks(published_encoder_body, published_decoder)


@pytest.fixture(params=[DEFAULT, PUBLISHED], ids=["default", "published"])
def networks(request):
    return request.param


def random_images(shape, n, seed=0):
    size = (n, shape.channels, shape.height, shape.width)
    return torch.rand(size, generator=seeded(seed), dtype=torch.float64)


def random_latents(n):
    return torch.randn(n, LATENT_DIM, generator=seeded(), dtype=torch.float64)


def flat(images, channels_last):
    """Flatten images as a user would."""
    return (images.permute(0, 2, 3, 1) if channels_last else images).flatten(1)


def parameter_shapes(module):
    return [tuple(parameter.shape) for parameter in module.parameters()]


def gradients(module, x):
    module.zero_grad()
    module(x).square().sum().backward()
    return [parameter.grad.double() for parameter in module.parameters()]


# Shapes


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_encoder_and_decoder_work_at_every_size(networks, shape):
    body, width = networks.encoder_body(shape, seeded())
    assert body(torch.rand(2, shape.n_features)).shape == (2, width)
    assert networks.decoder_of(shape)(torch.rand(2, LATENT_DIM)).shape == (
        2,
        shape.n_features,
    )


@pytest.mark.parametrize("n", [0, 1])
def test_empty_batches_and_single_rows_work(networks, n):
    body, width = networks.encoder_body(ODD, seeded())
    assert body(torch.rand(n, ODD.n_features)).shape == (n, width)
    assert networks.decoder_of(ODD)(torch.rand(n, LATENT_DIM)).shape == (
        n,
        ODD.n_features,
    )


def test_features_of_a_row_do_not_depend_on_other_rows(networks):
    rows = flat(random_images(ODD, 3), True)
    body = networks.body_of(ODD).double()
    one_by_one = torch.cat([body(row[None]) for row in rows])
    torch.testing.assert_close(body(rows), one_by_one)


# The default networks


def layers_of(module, layer_class):
    return [layer for layer in module.modules() if isinstance(layer, layer_class)]


@pytest.mark.parametrize(
    ("shape", "channels", "grid"),
    [
        (ImageShape(16, 16), [32, 64], (4, 4)),
        (ImageShape(28, 28), [32, 64, 128], (4, 4)),
        (PAPER, [32, 64, 128, 128], (4, 4)),
        (ImageShape(16, 128), [32, 64, 128, 128, 128], (1, 4)),
        (ImageShape(17, 31), [32, 64, 128], (3, 4)),
    ],
    ids=str,
)
def test_default_encoder_halves_both_sides_from_its_first_layer_on(shape, channels, grid):
    body, width = image_encoder_body(shape, seeded())
    convolutions = layers_of(body, nn.Conv2d)
    assert [layer.out_channels for layer in convolutions] == channels
    kernels = [layer.kernel_size[0] for layer in convolutions]
    assert kernels == [5, *[3] * (len(channels) - 1)]
    assert {layer.stride for layer in convolutions} == {(2, 2)}
    assert len(layers_of(body, nn.GroupNorm)) == len(channels)
    assert width == channels[-1] * grid[0] * grid[1]


def test_default_decoder_normalises_and_modulates_every_doubled_grid():
    """The formula of the docstring of ImageDecoder, written out for 28 x 28 pixels."""
    decoder = image_decoder(LATENT_DIM, ImageShape(28, 28), seeded()).double()
    z = random_latents(3)
    network = decoder[0]
    grid = F.silu(network.first(z)).reshape(3, -1, 4, 4)
    for stage, side in zip(network.stages, (7, 14, 28), strict=True):
        n_channels = stage.norm.num_channels
        grid = F.pixel_shuffle(stage.convolution(grid), 2)[:, :, :side, :side]
        grid = F.group_norm(grid, 8)
        modulation = stage.modulation(z)[:, :, None, None]
        grid = grid * (1 + modulation[:, :n_channels]) + modulation[:, n_channels:]
        grid = F.silu(grid)
    torch.testing.assert_close(decoder(z), network.last(grid).flatten(1))


def test_modulations_of_the_default_decoder_start_small():
    for layer in layers_of(image_decoder(50, PAPER, seeded()), nn.Linear)[1:]:
        assert 0.018 < layer.weight.std() < 0.022
        assert (layer.bias == 0).all()


# The paper's network


def paper_encoder_body():
    """The authors' layers, written out."""
    layers = []
    for n_in, n_out in [(3, 32), (32, 32), (32, 64), (64, 128)]:
        layers += [nn.Conv2d(n_in, n_out, 4, 2, 1), nn.ReLU()]
    return nn.Sequential(*layers, nn.Conv2d(128, 256, 4), nn.ReLU(), nn.Flatten())


def paper_decoder():
    """The authors' layers, written out."""
    start = [nn.Linear(LATENT_DIM, 256), nn.ReLU(), nn.Unflatten(1, (256, 1, 1))]
    layers = [*start, nn.ConvTranspose2d(256, 128, 4)]
    for n_in, n_out in [(128, 64), (64, 32), (32, 32), (32, 3)]:
        layers += [nn.ReLU(), nn.ConvTranspose2d(n_in, n_out, 4, 2, 1)]
    return nn.Sequential(*layers)


def with_parameters_of(other, module):
    with torch.no_grad():
        for a, b in zip(module.parameters(), other.parameters(), strict=True):
            a.copy_(b)
    return module.double()


def test_encoder_of_64_pixels_is_that_of_the_paper():
    body, width = published_encoder_body(PAPER, seeded())
    paper = paper_encoder_body()
    assert width == 256
    assert parameter_shapes(body) == parameter_shapes(paper)
    images = random_images(PAPER, 3)
    expected = with_parameters_of(body, paper)(images)
    torch.testing.assert_close(body.double()(flat(images, True)), expected)


def test_decoder_of_64_pixels_is_that_of_the_paper():
    decoder, paper = PUBLISHED.decoder_of(PAPER), paper_decoder()
    assert parameter_shapes(decoder) == parameter_shapes(paper)
    z = random_latents(3)
    expected = with_parameters_of(decoder, paper)(z)
    torch.testing.assert_close(decoder.double()(z), flat(expected, True))


def test_128_pixels_are_halved_once_more_than_in_the_paper():
    larger = parameter_shapes(PUBLISHED.body_of(replace(PAPER, height=128, width=128)))
    paper = parameter_shapes(PUBLISHED.body_of(PAPER))
    assert larger == [*paper[:8], (128, 128, 4, 4), (128,), *paper[8:]]


def test_a_short_side_is_not_halved_any_further():
    weights = parameter_shapes(PUBLISHED.body_of(ImageShape(16, 128)))[::2]
    kernels = [weight[2:] for weight in weights]
    assert kernels == [(4, 4), (4, 4), (3, 4), (3, 4), (3, 4), (4, 4)]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_decoder_mirrors_the_encoder(shape):
    weights = parameter_shapes(PUBLISHED.body_of(shape))[::2]
    first, *mirrored = parameter_shapes(PUBLISHED.decoder_of(shape))[::2]
    assert first == (256, LATENT_DIM)
    assert mirrored == weights[::-1]


def test_last_layer_of_the_decoder_has_no_relu(networks):
    assert (networks.decoder_of(ODD).double()(random_latents(20)) < 0).any()


# Memory order


@pytest.mark.parametrize("size", [(17, 31), (64, 64)])
def test_features_are_the_same_in_either_memory_order(networks, size):
    last = ImageShape(*size, 3, channels_last=True)
    first = replace(last, channels_last=False)
    images = random_images(last, 4)
    torch.testing.assert_close(
        networks.body_of(last).double()(flat(images, True)),
        networks.body_of(first).double()(flat(images, False)),
    )


@pytest.mark.parametrize("size", [(17, 31), (64, 64)])
def test_decoded_images_are_the_same_in_either_memory_order(networks, size):
    last = ImageShape(*size, 3, channels_last=True)
    first = replace(last, channels_last=False)
    z = random_latents(4)
    images = networks.decoder_of(first).double()(z).unflatten(1, (3, *size))
    torch.testing.assert_close(networks.decoder_of(last).double()(z), flat(images, True))


@pytest.mark.parametrize("channels_last", [False, True])
@pytest.mark.parametrize("n_parts", [1, 2])
def test_images_and_rows_differ_only_in_their_layout(channels_last, n_parts):
    shape = replace(ODD, channels_last=channels_last)
    parts = [random_images(shape, 2, seed) for seed in range(n_parts)]
    rows = torch.cat([flat(images, channels_last) for images in parts], 1)
    assert torch.equal(shape.images(rows, n_parts), torch.cat(parts, 1))
    assert torch.equal(shape.rows(parts[0]), rows[:, : shape.n_features])


# Masks


@pytest.mark.parametrize("channels_last", [False, True])
def test_a_mask_is_read_as_further_channels(networks, channels_last):
    shape = replace(ODD, channels_last=channels_last)
    images, masks = random_images(shape, 3), random_images(shape, 3, seed=1).round()
    rows = [flat(images, channels_last), flat(masks, channels_last)]
    features = networks.body_of(shape, n_masks=1).double()(torch.cat(rows, 1))

    stacked = torch.cat([images, masks], 1)
    wide = replace(shape, channels=6)
    expected = networks.body_of(wide).double()(flat(stacked, channels_last))
    torch.testing.assert_close(features, expected)


def test_a_mask_needs_rows_twice_as_wide(networks):
    with pytest.raises(RuntimeError, match="sizes"):
        networks.body_of(ODD, n_masks=1)(torch.rand(2, ODD.n_features))


# What depends on what


@pytest.mark.parametrize("n_masks", [0, 1])
@pytest.mark.parametrize("size", SIZES)
def test_every_pixel_and_its_mask_reach_the_features(networks, size, n_masks):
    shape = ImageShape(*size, 2)
    n_values = (1 + n_masks) * shape.n_features
    x = torch.rand(4, n_values, generator=seeded(), dtype=torch.float64)
    x.requires_grad_()
    networks.body_of(shape, n_masks).double()(x).sum().backward()
    assert (x.grad != 0).any(0).all()


@pytest.mark.parametrize("size", SIZES)
def test_every_decoded_pixel_depends_on_the_latents(networks, size):
    rows = networks.decoder_of(ImageShape(*size, 2)).double()(random_latents(8))
    assert (rows.std(0) > 0).all()


# Precision


@pytest.mark.parametrize("shape", [ODD, replace(ODD, channels_last=False)], ids=str)
def test_single_precision_gives_the_gradients_of_double(networks, shape):
    rows = flat(random_images(shape, 8), shape.channels_last)
    z = random_latents(8)
    for module, x in [(networks.body_of(shape), rows), (networks.decoder_of(shape), z)]:
        exact = gradients(copy.deepcopy(module).double(), x)
        for a, b in zip(gradients(module, x.float()), exact, strict=True):
            assert (a - b).norm() < 1e-4 * b.norm()


def test_a_repeated_step_gives_the_same_bytes(networks):
    module, x = networks.body_of(PAPER), flat(random_images(PAPER, 20), True).float()
    first = gradients(module, x)
    for a, b in zip(first, gradients(module, x), strict=True):
        assert torch.equal(a, b)


# Initial weights


@pytest.mark.parametrize("shape", [PAPER, ODD, ImageShape(16, 128)], ids=str)
def test_initial_weights_are_within_the_limits_of_torch(networks, shape):
    layers = [
        module
        for name, module in networks.both_of(shape).named_modules()
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.Linear)
        and not name.endswith("modulation")
    ]
    for layer in layers:
        # This is what torch uses for a layer that it initialises itself.
        fan_in, _ = nn.init._calculate_fan_in_and_fan_out(layer.weight)
        assert layer.weight.abs().max() <= fan_in**-0.5
        assert layer.weight.abs().max() > 0.9 * fan_in**-0.5
        assert layer.bias.abs().max() <= fan_in**-0.5


def test_initial_weights_only_depend_on_the_seed(networks):
    first, same, other = (networks.both_of(PAPER, seed) for seed in (0, 0, 1))
    others = dict(other.named_parameters())
    for (name, a), b in zip(first.named_parameters(), same.parameters(), strict=True):
        assert torch.equal(a, b)
        # Normalisation starts as the identity, and modulations have no bias at first.
        constant = (a == a.flatten()[0]).all()
        assert constant or (a != others[name]).any()
    assert sum((a == a.flatten()[0]).all() for a in first.parameters()) <= 12


def test_initialisation_and_use_do_not_change_the_global_random_state(networks):
    state = torch.random.get_rng_state()
    body, decoder = networks.both_of(ODD)
    body(flat(random_images(ODD, 2), True).float())
    decoder(random_latents(2).float())
    assert torch.equal(torch.random.get_rng_state(), state)


@pytest.mark.parametrize(
    "duplicate", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))]
)
def test_copies_and_pickles_decode_the_same(networks, duplicate):
    decoder, z = networks.decoder_of(ODD).double(), random_latents(2)
    assert torch.equal(duplicate(decoder)(z), decoder(z))


# Limits


@pytest.mark.parametrize("size", [(8, 8), (15, 64), (64, 129), (1, 128)])
def test_other_sizes_are_refused_with_advice(size):
    with pytest.raises(ValueError, match=f"{size[0]} x {size[1]} pixels") as error:
        check_image_shape(ImageShape(*size))
    for advice in ["encoder=", "decoder=", f"2-D, of shape (n, {size[0] * size[1]})"]:
        assert advice in str(error.value)


@pytest.mark.parametrize("size", SIZES)
def test_sizes_from_16_to_128_are_accepted(size):
    check_image_shape(ImageShape(*size))


def test_convolutional_networks_are_recognised(networks):
    assert convolves(networks.body_of(ODD))
    assert not convolves(nn.Sequential(nn.Flatten(), nn.Linear(3, 2)))
