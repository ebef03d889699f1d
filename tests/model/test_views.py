"""Random views of images: what they change, what they keep, and what decides them."""

import math
from dataclasses import replace

import pytest
import torch

from sklearn_revae._model.views import STRONG, ViewStrength, random_view

WEAK = ViewStrength(shift=0.8 / 28, rotation=0.1, scale=0.04)
STILL = ViewStrength(shift=0.0, rotation=0.0, scale=0.0)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def random_images(n, channels=2, height=20, width=26):
    size = (n, channels, height, width)
    return torch.rand(size, generator=seeded(1), dtype=torch.float64)


def centre_of(images):
    """Mean position (row, column) of the mass of each image, in pixels."""
    places = torch.stack(
        torch.meshgrid(*(torch.arange(side) for side in images.shape[2:]), indexing="ij")
    ).double()
    mass = images[:, :1]
    return (places * mass).sum((2, 3)) / mass.sum((2, 3))


def axis_angle(images):
    """Angle of the longest axis of the mass of each image, in radians."""
    centre = centre_of(images)
    rows, columns = torch.meshgrid(
        *(torch.arange(side).double() for side in images.shape[2:]), indexing="ij"
    )
    down, right = rows - centre[:, :1, None], columns - centre[:, 1:, None]
    mass = images[:, 0]
    mixed = (mass * down * right).sum((1, 2))
    difference = (mass * (right**2 - down**2)).sum((1, 2))
    return 0.5 * torch.atan2(2 * mixed, difference)


@pytest.mark.parametrize("strength", [WEAK, STRONG], ids=["weak", "strong"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_views_have_the_shape_and_type_of_the_images(strength, dtype):
    images = random_images(3).to(dtype)
    views = random_view(images, strength, seeded())
    assert views.shape == images.shape
    assert views.dtype == dtype
    assert (views != images).any(3).any(2).all()


def test_a_view_of_no_strength_is_the_image():
    images = random_images(3)
    torch.testing.assert_close(random_view(images, STILL, seeded()), images)


def test_only_the_generator_decides_the_views():
    images, state = random_images(3), torch.random.get_rng_state()
    first = random_view(images, STRONG, seeded())
    assert torch.equal(first, random_view(images, STRONG, seeded()))
    assert not torch.equal(first, random_view(images, STRONG, seeded(1)))
    assert torch.equal(torch.random.get_rng_state(), state)


@pytest.mark.parametrize("strength", [WEAK, STRONG], ids=["weak", "strong"])
def test_views_do_not_depend_on_the_units(strength):
    images = random_images(4)
    views = random_view(images, strength, seeded())
    other = random_view(255 * images - 30, strength, seeded())
    torch.testing.assert_close(other, 255 * views - 30)


@pytest.mark.parametrize("strength", [WEAK, STRONG], ids=["weak", "strong"])
def test_views_of_a_constant_image_are_the_image(strength):
    """Neither the border nor the square that is cut out adds an edge."""
    images = torch.full((5, 1, 16, 16), 0.3, dtype=torch.float64)
    torch.testing.assert_close(random_view(images, strength, seeded()), images)


def test_a_shift_is_relative_to_each_side():
    images = torch.zeros(200, 1, 40, 80, dtype=torch.float64)
    images[:, :, 20, 40] = 1
    moved = random_view(images, replace(STILL, shift=0.1), seeded()) + 1e-12
    distance = (centre_of(moved) - centre_of(images)).abs()
    assert (distance < torch.tensor([4.0, 8.0]) + 1e-6).all()
    assert (distance.amax(0) > torch.tensor([3.5, 7.0])).all()


def test_a_rotation_turns_wide_images_without_shearing_them():
    """A bar turns by the same angle, wherever it points."""
    along = torch.zeros(200, 1, 24, 60, dtype=torch.float64)
    along[:, :, 11:13, 20:40] = 1
    across = torch.zeros(200, 1, 24, 60, dtype=torch.float64)
    across[:, :, 2:22, 29:31] = 1
    strength = replace(STILL, rotation=0.25)
    angle = axis_angle(random_view(along, strength, seeded()))
    assert angle.abs().max() < 0.26
    assert angle.min() < -0.2
    assert angle.max() > 0.2
    upright = axis_angle(random_view(across, strength, seeded())) % math.pi
    torch.testing.assert_close(upright - math.pi / 2, angle, atol=0.03, rtol=0)


def test_a_square_is_cut_out_anywhere_and_filled_with_the_mean():
    images = random_images(300, height=16, width=24)
    cut = random_view(images, replace(STILL, cutout=0.5), seeded())
    # Sampling without a move leaves rounding errors.
    changed = (cut - images).abs().amax(1) > 1e-9
    rows, columns = changed.any(2).sum(1), changed.any(1).sum(1)
    assert rows.max() == columns.max() == 8
    assert rows.min() < 8
    assert torch.equal(changed.sum((1, 2)), rows * columns)
    assert changed.any(0).all()
    mean = images.mean((2, 3))[:, :, None, None].expand_as(images)
    where = changed[:, None].expand_as(images)
    torch.testing.assert_close(cut[where], mean[where])


def test_contrast_and_brightness_differ_from_image_to_image():
    images = random_images(2000, channels=1, height=16, width=16)
    lit = random_view(images, replace(STILL, contrast=0.2), seeded()).flatten(1)
    images = images.flatten(1)
    contrast = lit.std(1) / images.std(1) - 1
    brightness = (lit.mean(1) - images.mean(1)) / images.std(1)
    for change in (contrast, brightness):
        assert change.mean().abs() < 0.02
        assert 0.18 < change.std() < 0.22
