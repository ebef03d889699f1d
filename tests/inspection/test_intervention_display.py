"""InterventionDisplay shows samples before and after `intervene`."""

import numpy as np
import pytest

from sklearn_revae.inspection import InterventionDisplay
from sklearn_revae.inspection._tabular import column_scales
from sklearn_revae.inspection._tiles import mosaic


def test_images_before_and_after_and_their_difference_are_drawn(images, values_of):
    X, do = images.X[:3], {"digit": 4}
    display = InterventionDisplay.from_estimator(images.model, X, do)
    after = images.model.intervene(X, do, residual=True)
    pairs = np.stack([X, after], axis=1)
    np.testing.assert_array_equal(values_of(display.im_), mosaic(pairs))
    assert display.im_.get_clim() == (pairs.min(), pairs.max())
    np.testing.assert_array_equal(
        values_of(display.difference_im_), mosaic((after - X)[:, None])
    )
    low, high = display.difference_im_.get_clim()
    assert -low == high == np.abs(after - X).max()
    assert display.ax_.get_xlabel() == "digit = 4"


def test_the_differences_are_drawn_beside_the_pairs(images):
    X = images.X[:2]
    display = InterventionDisplay(X, X).plot()
    gap = display.difference_im_.get_extent()[0] - display.im_.get_extent()[1]
    assert gap == 1
    assert display.difference_im_.get_extent()[1] == display.ax_.get_xlim()[1]


@pytest.mark.parametrize("value", [0, 255])
def test_the_scale_of_no_difference_is_that_of_the_images(value):
    X = np.full((1, 8, 8), value, np.uint8)
    white = 255 if value else 1
    display = InterventionDisplay(X, X).plot()
    assert display.im_.get_clim() == (0, white)
    assert display.difference_im_.get_clim() == (-white, white)


def test_bars_are_mean_changes_in_descending_order(table):
    model, X = table.model, table.X
    display = InterventionDisplay.from_estimator(model, X, "tall")
    after, spread = model.intervene(X, "tall", residual=True), column_scales(model)
    widths = dict(
        zip(display.columns_, [bar.get_width() for bar in display.bars_], strict=True)
    )
    height = (after["height"] - X["height"]).mean() / spread[0]
    observed = X["town"].notna()
    assert widths[0] == pytest.approx(height)
    assert widths[1] == pytest.approx((after["town"] != X["town"])[observed].mean())
    assert np.all(np.diff(np.abs(list(widths.values()))) <= 0)


def test_only_changed_features_are_bold():
    display = InterventionDisplay(
        [[1.0, 5.0], [1.0, 6.0]], [[1.0, 5.0], [2.0, 6.0]]
    ).plot()
    weights = [text.get_fontweight() for text in display.ax_.get_yticklabels()]
    assert display.columns_ == [0, 1]
    assert weights == ["bold", "normal"]
    (values,) = display.ax_.child_axes
    assert [t.get_text() for t in values.get_yticklabels()] == ["1 → 1.5", "5.5 → 5.5"]


def test_samples_before_and_after_of_different_shapes_raise():
    with pytest.raises(ValueError, match=r"X_new.*\(3, 2\), but X has.*\(2, 2\)"):
        InterventionDisplay(np.zeros((2, 2)), np.zeros((3, 2)))


@pytest.mark.parametrize(
    ("max_columns", "error", "message"),
    [(0, ValueError, "max_columns == 0, must be >= 1"), (2.5, TypeError, "max_columns")],
)
def test_max_columns_is_a_positive_integer(max_columns, error, message):
    display = InterventionDisplay(np.zeros((2, 2)), np.ones((2, 2)))
    with pytest.raises(error, match=message):
        display.plot(max_columns=max_columns)
