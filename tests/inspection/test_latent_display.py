"""LatentDisplay shows latent codes and the priors of classes."""

import numpy as np
import pytest

from sklearn_revae import ReVAETransformer
from sklearn_revae.inspection import LatentDisplay
from sklearn_revae.inspection._plane import ellipse, plane


def test_samples_need_not_belong_to_all_classes(one_latent):
    display = LatentDisplay.from_estimator(
        one_latent.model, one_latent.X[:20], one_latent.y[:20]
    )
    assert display.values == [0, 1]
    assert set(display.codes) == {0}


def test_points_are_the_latent_codes_of_the_label(table):
    y = table.y.astype(object)
    y[::2] = None
    display = LatentDisplay.from_estimator(table.model, table.X, y)
    Z = table.model.transform(table.X)[:, :2]
    # Unlabelled samples come first.
    expected = np.concatenate([Z[::2], Z[1::2]])
    np.testing.assert_array_equal(display.scatter_.get_offsets(), expected)
    grey, colors = np.split(display.scatter_.get_facecolors()[:, :3], 2)
    assert (grey == 0.7).all()
    is_tall = y[1::2] == "tall"
    edges = np.array([patch.get_edgecolor()[:3] for patch in display.priors_])
    np.testing.assert_array_equal(colors, edges[is_tall.astype(int)])


def test_ellipses_show_the_priors(table):
    display = LatentDisplay.from_estimator(table.model, table.X)
    prior = table.model.module_.label_model
    means, scales = (a.detach().numpy()[0] for a in (prior.means, prior.scales))
    for patch, mean, scale, text, value in zip(
        display.priors_, means, scales, display.text_, ["small", "tall"], strict=True
    ):
        np.testing.assert_allclose(patch.center, mean)
        axes = sorted([patch.width, patch.height])
        np.testing.assert_allclose(axes, 4 * np.sort(scale), rtol=1e-5)
        assert text.get_text() == value


def test_the_second_label_has_its_own_latent_dimensions(images):
    display = LatentDisplay.from_estimator(images.model, images.X, images.Y, label="odd")
    width = images.model.label_dim_
    Z = images.model.transform(images.X)[:, width : 2 * width]
    np.testing.assert_array_equal(display.latents, Z)
    assert (display.codes[::3] == -1).all()
    assert len(display.priors_) == 2
    # The points are projected onto the two directions with the largest variance.
    projected = display.scatter_.get_offsets()
    largest = np.linalg.eigvalsh(np.cov(Z.T, bias=True))[::-1][:2]
    np.testing.assert_allclose(np.sort(projected.var(axis=0))[::-1], largest, rtol=1e-4)


def test_an_ellipse_is_the_projection_of_the_prior():
    random = np.random.RandomState(0)
    scales = np.array([0.5, 1.0, 2.0, 4.0])
    directions = plane(random.standard_normal((50, 4)))
    projected = random.standard_normal((200_000, 4)) * scales @ directions.T
    half_axes, angle = ellipse(directions, scales)
    radians = np.radians(angle)
    major = projected @ [np.cos(radians), np.sin(radians)]
    minor = projected @ [-np.sin(radians), np.cos(radians)]
    np.testing.assert_allclose([major.std(), minor.std()], half_axes, rtol=0.02)
    assert abs(np.corrcoef(major, minor)[0, 1]) < 0.02


def test_a_single_latent_dimension_has_one_line_per_class(one_latent):
    display = LatentDisplay.from_estimator(one_latent.model, one_latent.X, one_latent.y)
    x, line = display.scatter_.get_offsets().T
    Z = one_latent.model.transform(one_latent.X)[:, 0]
    np.testing.assert_array_equal(x, np.concatenate([Z[40:], Z[:40]]))
    np.testing.assert_array_equal(line, np.repeat([2, 0, 1], 20))
    prior = one_latent.model.module_.label_model
    scale = prior.scales.detach().numpy()[0, :, 0]
    widths = [bar.get_width() for bar in display.priors_]
    np.testing.assert_allclose(widths, 4 * scale, rtol=1e-5)


def test_y_and_label_that_do_not_match_the_model_raise(table):
    with pytest.raises(ValueError, match=r"'huge' is not a value.*small.*tall"):
        LatentDisplay.from_estimator(table.model, table.X, ["huge"] * len(table.X))
    with pytest.raises(ValueError, match=r"y must have.*in X \(80\), but it has 3"):
        LatentDisplay.from_estimator(table.model, table.X, ["tall"] * 3)
    with pytest.raises(ValueError, match=r"label: 'size' is not a label.*label_0"):
        LatentDisplay.from_estimator(table.model, table.X, label="size")


def test_a_model_fitted_without_y_raises():
    X = np.random.RandomState(0).rand(20, 3)
    model = ReVAETransformer((4,), max_iter=1, random_state=0).fit(X)
    with pytest.raises(ValueError, match=r"label=0.*fitted without y"):
        LatentDisplay.from_estimator(model, X)


@pytest.mark.parametrize("stretch", [1.0, 2.5])
def test_a_new_figure_has_the_proportions_of_the_data(stretch):
    Z = np.random.default_rng(0).standard_normal((200, 2)) * [stretch, 1]
    means, scales = np.zeros((1, 2)), np.ones((1, 2))
    display = LatentDisplay(Z, means, scales, values=["a"], label_name="y").plot()
    ax = display.ax_
    data = ax.dataLim.size
    display.figure_.draw_without_rendering()
    shown = np.ptp([ax.get_xlim(), ax.get_ylim()], axis=1)
    assert (data / shown > 0.8).all()
