"""SwapDisplay shows what `swap` returns."""

import numpy as np
import pytest

from sklearn_revae.inspection import SwapDisplay
from sklearn_revae.inspection._tiles import mosaic


def test_a_swap_is_drawn_in_the_row_of_its_sample_and_the_column_of_its_donor(
    images, values_of
):
    X, donors = images.X[:2], images.X[5:8]
    display = SwapDisplay.from_estimator(images.model, X, donors, "odd")
    tiles = np.full((3, 4, 8, 8), np.nan)
    tiles[1:, 0], tiles[0, 1:] = X, donors
    for j in range(3):
        tiles[1:, 1 + j] = images.model.swap(X, donors[j : j + 1], "odd")
    np.testing.assert_array_equal(values_of(display.im_), mosaic(tiles))
    assert display.im_.get_clim() == (np.nanmin(tiles), np.nanmax(tiles))
    assert display.label_names == ["odd"]


@pytest.mark.parametrize("labels", [None, ["digit", 1]])
def test_the_axis_names_the_swapped_labels(labels, images):
    display = SwapDisplay.from_estimator(
        images.model, images.X[:1], images.X[1:2], labels
    )
    assert display.ax_.get_xlabel() == "donor of digit, odd"


def test_swaps_of_a_table_raise_and_the_error_says_what_to_do(table):
    with pytest.raises(
        ValueError, match=r"X holds flat samples.*image_shape.*InterventionD"
    ):
        SwapDisplay.from_estimator(table.model, table.X[:2], table.X[2:4])
