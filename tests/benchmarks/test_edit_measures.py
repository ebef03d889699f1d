"""Measures of edits of images, on images whose measures are known."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal


@pytest.fixture
def measures(benchmark_module):
    return benchmark_module("edit_measures")


def images(*rows):
    """Images of 1 x len(row) pixels, all three channels equal."""
    return np.repeat(np.array(rows, dtype=np.uint8)[:, None, :, None], 3, axis=-1)


FACE = images([0, 51, 102])
# The drawn edit only changes the first pixel.
DRAWN = images([255, 51, 102])


def test_success_counts_edits_that_show_the_requested_value(measures):
    seen = np.array([[0, 2], [0, 1], [1, 2], [1, 2]])
    assert measures.success(seen, 1, 2) == 0.75
    assert measures.success(seen, 0, 0) == 0.5


def test_leakage_counts_other_labels_only(measures):
    expected = np.array([[0, 2, 1], [0, 2, 1]])
    seen = np.array([[0, 1, 1], [1, 0, 1]])
    assert measures.leakage(seen, expected, 1) == 0.25
    assert measures.leakage(seen, expected, 0) == 0.5


def test_distance_is_the_mean_absolute_difference_of_pixels_up_to_one(measures):
    assert_allclose(measures.distance(FACE, images([51, 51, 51])), 0.4 / 3, rtol=1e-6)
    assert measures.distance(FACE, FACE) == 0


def test_region_is_where_any_channel_of_the_drawn_edit_differs(measures):
    drawn = FACE.copy()
    drawn[0, 0, 2, 1] += 1
    assert_array_equal(measures.changed_region(drawn, FACE), [[[False, False, True]]])


@pytest.mark.parametrize(
    ("edit", "inside", "outside"),
    [
        (DRAWN, 0.0, 0.0),
        (FACE, 1.0, 0.0),
        # Half of the change, and twice the reconstruction's error.
        (images([127.5, 51 + 20, 102 - 20]), 0.5, 2.0),
        # The reconstruction itself.
        (images([10, 61, 112]), 245 / 255, 1.0),
    ],
)
def test_errors_inside_and_outside_are_relative(measures, edit, inside, outside):
    reconstruction = images([10, 61, 112])
    found = measures.error_inside(edit, DRAWN, FACE)
    assert_allclose(found, inside, atol=0.003)
    found = measures.error_outside(edit, DRAWN, FACE, reconstruction)
    assert_allclose(found, outside, rtol=1e-6)


def test_errors_are_nan_if_there_is_nothing_to_compare_with(measures):
    assert math.isnan(measures.error_inside(FACE, FACE, FACE))
    assert math.isnan(measures.error_outside(FACE, DRAWN, FACE, FACE))


def test_nearest_chooses_the_closest_drawn_edit_of_each_image(measures):
    draws = np.stack([images([0], [100]), images([50], [200])], axis=1)
    assert_array_equal(measures.nearest(images([40], [140]), draws), images([50], [100]))


@pytest.mark.parametrize(
    ("moved", "expected"),
    [
        # Nothing moved: no other image is nearer, all of the own value are further.
        (0.0, math.log(0.8 + 0.2 * math.e)),
        # Beyond all others.
        (9.0, math.log(0.8 * math.e + 0.2)),
        # Beyond the image's own value, and nearer than all with the requested one.
        (2.5, 0.0),
        # One of two with the requested value is nearer, none of the own value is further.
        (3.0, math.log(0.8 * math.exp(0.5) + 0.2)),
    ],
)
def test_latent_divergence(measures, moved, expected):
    to_requested, to_own = np.array([3.0, 4.0]), np.array([1.0, 2.0])
    found = measures.latent_divergence(moved, to_requested, to_own)
    assert_allclose(found, expected, atol=1e-12)
