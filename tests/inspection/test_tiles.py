"""Pictures as tiles: shapes, one scale, places."""

import numpy as np
import pytest

from sklearn_revae._model.build import image_layout
from sklearn_revae.inspection._tiles import (
    as_drawn,
    as_pictures,
    gap_of,
    mosaic,
    shared_limits,
)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_pictures_keep_their_values(dtype):
    X = np.arange(2 * 12).reshape(2, 3, 4).astype(dtype)
    np.testing.assert_array_equal(as_pictures(X), X)
    np.testing.assert_array_equal(as_pictures(X.reshape(2, 12), (3, 4)), X)


@pytest.mark.parametrize("shape", [(5, 6, 3), (3, 5, 6), (4, 5, 6), (5, 6, 1), (1, 5, 6)])
def test_channels_are_where_the_model_finds_them(shape):
    X = np.random.RandomState(0).rand(2, *shape)
    drawn = as_pictures(X)
    layout = image_layout(shape)
    assert drawn.shape[1:3] == (layout.height, layout.width)
    last = X if layout.channels_last else np.moveaxis(X, 1, -1)
    np.testing.assert_array_equal(drawn.reshape(last.shape), last)


def test_several_axes_may_come_before_those_of_a_picture():
    X = np.arange(2 * 5 * 3 * 6 * 6.0).reshape(2, 5, 3, 6, 6)
    np.testing.assert_array_equal(as_pictures(X, None, 2), np.moveaxis(X, 2, -1))


def test_rows_without_a_shape_are_a_table():
    assert as_pictures(np.zeros((3, 64))) is None


@pytest.mark.parametrize("image_shape", [(8, 9), (64,), 64, (2, 2, 4, 4)])
def test_a_shape_that_does_not_fit_is_refused(image_shape):
    with pytest.raises(ValueError, match=r"image_shape=.*does not fit X.*64 values"):
        as_pictures(np.zeros((3, 64)), image_shape)


def test_channels_that_are_no_colours_are_refused():
    with pytest.raises(ValueError, match=r"X.*\(5, 6, 2\).*channels"):
        as_pictures(np.zeros((3, 5, 6, 2)))


def test_limits_are_those_of_all_pictures():
    assert shared_limits(np.array([1.0, np.nan]), np.array([-2.0, 5.0])) == (-2.0, 5.0)


@pytest.mark.parametrize("channels", [(), (3,)])
def test_each_tile_has_its_place_and_paper_lies_between(channels):
    tiles = np.random.RandomState(0).rand(2, 3, 20, 30, *channels)
    paper, gap = mosaic(tiles), gap_of(tiles)
    assert paper.shape == (40 + gap, 90 + 2 * gap, *channels)
    for row, column in np.ndindex(2, 3):
        top, left = row * (20 + gap), column * (30 + gap)
        place = paper[top : top + 20, left : left + 30]
        np.testing.assert_array_equal(place, tiles[row, column])
    assert np.isnan(paper).sum() == paper.size - tiles.size


def test_colours_are_scaled_as_one_and_paper_is_clear():
    picture = np.array([[[10.0, 20.0, 30.0], [np.nan] * 3]])
    rgba = as_drawn(picture, (10.0, 30.0))
    np.testing.assert_array_equal(rgba, [[[0, 0.5, 1, 1], [0, 0, 0, 0]]])


def test_one_colour_alone_can_be_drawn():
    assert np.isfinite(as_drawn(np.full((2, 2, 3), 7.0), (7.0, 7.0))).all()
