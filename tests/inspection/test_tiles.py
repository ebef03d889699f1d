"""Images as tiles: their shapes, colour limits and positions."""

import numpy as np
import pytest

from sklearn_revae._model.images import image_layout
from sklearn_revae.inspection._tiles import (
    as_drawn,
    as_images,
    gap_of,
    mosaic,
    shared_limits,
)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_images_keep_their_values(dtype):
    X = np.arange(2 * 12).reshape(2, 3, 4).astype(dtype)
    np.testing.assert_array_equal(as_images(X), X)
    np.testing.assert_array_equal(as_images(X.reshape(2, 12), (3, 4)), X)


@pytest.mark.parametrize("shape", [(5, 6, 3), (3, 5, 6), (4, 5, 6), (5, 6, 1), (1, 5, 6)])
def test_channels_are_found_on_the_same_axis_as_by_the_model(shape):
    X = np.random.RandomState(0).rand(2, *shape)
    images = as_images(X)
    layout = image_layout(shape)
    assert images.shape[1:3] == (layout.height, layout.width)
    last = X if layout.channels_last else np.moveaxis(X, 1, -1)
    np.testing.assert_array_equal(images.reshape(last.shape), last)


def test_several_axes_may_precede_those_of_an_image():
    X = np.arange(2 * 5 * 3 * 6 * 6.0).reshape(2, 5, 3, 6, 6)
    np.testing.assert_array_equal(as_images(X, None, 2), np.moveaxis(X, 2, -1))


def test_flat_samples_without_image_shape_are_a_table():
    assert as_images(np.zeros((3, 64))) is None


@pytest.mark.parametrize("image_shape", [(8, 9), (64,), 64, (2, 2, 4, 4)])
def test_an_image_shape_that_does_not_match_raises(image_shape):
    with pytest.raises(
        ValueError, match=r"image_shape=.*does not match X.*product is 64"
    ):
        as_images(np.zeros((3, 64)), image_shape)


def test_channels_that_are_not_colours_raise():
    with pytest.raises(ValueError, match=r"X.*\(5, 6, 2\).*channels"):
        as_images(np.zeros((3, 5, 6, 2)))


GREY, COLOURS = (1, 1, 1, 3), (1, 1, 1, 1, 3)


@pytest.mark.parametrize(
    ("values", "shape", "limits"),
    [
        ([1.0, np.nan, 5.0], GREY, (1.0, 5.0)),
        ([0.2, 0.4, 0.6], GREY, (0.2, 0.6)),
        # An image of a single shade.
        ([1.0, 1.0, 1.0], GREY, (0.0, 1.0)),
        ([255, 255, 255], GREY, (0.0, 255.0)),
        ([-3, -3, -3], GREY, (-3.0, -2.0)),
        # Beige is not stretched to orange.
        ([200, 180, 160], COLOURS, (0.0, 255.0)),
        ([0.8, 0.7, np.nan], COLOURS, (0.0, 1.0)),
        ([-2.0, 0.5, 3.0], COLOURS, (-2.0, 3.0)),
    ],
)
def test_only_shades_of_grey_are_stretched(values, shape, limits):
    assert shared_limits(np.reshape(values, shape).astype(float)) == limits


def test_transparency_begins_at_zero():
    image = np.array([[[10.0, 20.0, 30.0, 15.0]]])
    np.testing.assert_array_equal(as_drawn(image, (10.0, 30.0)), [[[0, 0.5, 1, 0.5]]])


@pytest.mark.parametrize("channels", [(), (3,)])
def test_tiles_are_separated_by_gaps(channels):
    tiles = np.random.RandomState(0).rand(2, 3, 20, 30, *channels)
    mosaic_image, gap = mosaic(tiles), gap_of(tiles)
    assert mosaic_image.shape == (40 + gap, 90 + 2 * gap, *channels)
    for row, column in np.ndindex(2, 3):
        top, left = row * (20 + gap), column * (30 + gap)
        tile = mosaic_image[top : top + 20, left : left + 30]
        np.testing.assert_array_equal(tile, tiles[row, column])
    assert np.isnan(mosaic_image).sum() == mosaic_image.size - tiles.size


def test_colours_share_one_scale_and_gaps_are_transparent():
    image = np.array([[[10.0, 20.0, 30.0], [np.nan] * 3]])
    rgba = as_drawn(image, (10.0, 30.0))
    np.testing.assert_array_equal(rgba, [[[0, 0.5, 1, 1], [0, 0, 0, 0]]])
