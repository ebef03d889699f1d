"""TraversalDisplay shows what `traverse` returns."""

import numpy as np
import pytest
from sklearn.base import clone

from sklearn_revae.inspection import TraversalDisplay
from sklearn_revae.inspection._tabular import column_scales
from sklearn_revae.inspection._tiles import mosaic


def test_images_along_one_label_are_those_of_traverse(images, values_of):
    X = images.X[:2]
    display = TraversalDisplay.from_estimator(
        images.model, X, "digit", steps=5, values=(3, 8)
    )
    path = images.model.traverse(X, "digit", steps=5, values=(3, 8))
    np.testing.assert_array_equal(values_of(display.im_), mosaic(path))
    assert display.im_.get_clim() == (path.min(), path.max())
    names = [text.get_text() for text in display.ax_.get_xticklabels()]
    # By default, the line extends beyond the means of the classes.
    assert names == ["beyond 3", "", "", "", "beyond 8"]
    at_means = TraversalDisplay.from_estimator(
        images.model, X, "digit", steps=2, span=0.0, values=(3, 8)
    )
    names = [text.get_text() for text in at_means.ax_.get_xticklabels()]
    assert names == ["3", "8"]


def test_the_rows_of_a_grid_belong_to_the_first_label(images, values_of):
    X = images.X[:1]
    display = TraversalDisplay.from_estimator(images.model, X, ("digit", "odd"), steps=3)
    grid = images.model.traverse(X, ("digit", "odd"), steps=3)
    np.testing.assert_array_equal(values_of(display.im_), mosaic(grid[0]))
    assert (display.ax_.get_ylabel(), display.ax_.get_xlabel()) == ("digit", "odd")
    assert display.ax_.get_yticklabels()[-1].get_text() == "beyond 9"
    assert display.ax_.get_xticklabels()[-1].get_text() == "beyond yes"


def test_image_shape_turns_flat_samples_into_images(images, values_of):
    strip = TraversalDisplay.from_estimator(images.model, images.X[:2])
    flat = TraversalDisplay.from_estimator(
        images.model, images.X[:2].reshape(2, 64), image_shape=(8, 8)
    )
    np.testing.assert_array_equal(values_of(flat.im_), values_of(strip.im_))


def test_lines_are_the_changes_of_features_in_standard_deviations(table):
    model, X = table.model, table.X.dropna()
    display = TraversalDisplay.from_estimator(model, X, steps=6)
    path, spread = model.traverse(X, 0, steps=6), column_scales(model)
    height = path[..., 0].astype(float)
    np.testing.assert_allclose(
        display.lines_[0].get_ydata(), (height - height[:, :1]).mean(0) / spread[0]
    )
    town = (path[..., 1] != path[:, :1, 1]).mean(0)
    np.testing.assert_array_equal(display.lines_[1].get_ydata(), town)


def test_the_features_that_change_most_are_in_the_legend():
    ends = np.arange(12.0)
    X_new = np.linspace(0, 1, 3)[None, :, None] * ends
    display = TraversalDisplay(X_new, label_names=["size"]).plot()
    names = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert names == [f"x{j}" for j in range(11, 3, -1)]


def test_a_grid_of_a_table_or_of_several_images_raises(images, table):
    model = clone(table.model).set_params(max_iter=1)
    model.fit(table.X, np.stack([table.y, table.X["wet"]], axis=1))
    with pytest.raises(ValueError, match=r"label=.*a table: pass one label"):
        TraversalDisplay.from_estimator(model, table.X[:1], (0, 1))
    with pytest.raises(ValueError, match=r"label=.*2 images.*X\[:1\]"):
        TraversalDisplay.from_estimator(images.model, images.X[:2], (0, 1))


def test_labels_may_be_an_array_as_in_traverse(images):
    X, labels = images.X[:1], np.array(["digit", "odd"])
    display = TraversalDisplay.from_estimator(images.model, X, labels, steps=3)
    assert display.label_names == ["digit", "odd"]
    assert display.values == [[0, 9], ["no", "yes"]]
