"""What the Displays draw is what the estimator gives."""

import subprocess
import sys

import matplotlib.pyplot as plt
import numpy as np
import pytest

from sklearn_revae import ReVAETransformer
from sklearn_revae.inspection import (
    InterventionDisplay,
    InterventionReportDisplay,
    LatentDisplay,
    LossCurveDisplay,
    SamplesDisplay,
    SwapDisplay,
    TraversalDisplay,
)
from sklearn_revae.inspection._plane import ellipse, plane
from sklearn_revae.inspection._tabular import column_scales, columns_of
from sklearn_revae.inspection._tiles import mosaic


def drawn(image):
    """Values of an image artist, NaN where it is clear."""
    return np.ma.filled(image.get_array().astype(float), np.nan)


MAKERS = {
    "loss": lambda p, t, ax: LossCurveDisplay.from_estimator(p.model, ax=ax),
    "latents": lambda p, t, ax: LatentDisplay.from_estimator(t.model, t.X, t.y, ax=ax),
    "strip": lambda p, t, ax: TraversalDisplay.from_estimator(p.model, p.X[:2], ax=ax),
    "grid": lambda p, t, ax: TraversalDisplay.from_estimator(
        p.model, p.X[:1], ("digit", "odd"), steps=3, ax=ax
    ),
    "lines": lambda p, t, ax: TraversalDisplay.from_estimator(t.model, t.X, ax=ax),
    "pictures": lambda p, t, ax: InterventionDisplay.from_estimator(
        p.model, p.X[:2], {"digit": 3}, ax=ax
    ),
    "bars": lambda p, t, ax: InterventionDisplay.from_estimator(
        t.model, t.X, "tall", ax=ax
    ),
    "swap": lambda p, t, ax: SwapDisplay.from_estimator(
        p.model, p.X[:2], p.X[2:5], ax=ax
    ),
    "samples": lambda p, t, ax: SamplesDisplay.from_estimator(
        p.model, "odd", n_samples=2, ax=ax
    ),
    "heat map": lambda p, t, ax: SamplesDisplay.from_estimator(t.model, ax=ax),
    "report": lambda p, t, ax: InterventionReportDisplay.from_estimator(
        p.model, p.X[:5], ax=ax
    ),
}


# all of them


@pytest.mark.parametrize("maker", MAKERS.values(), ids=MAKERS)
def test_everything_is_drawn_on_the_axes_given(maker, pictures, table, own_ax):
    figures = plt.get_fignums()
    display = maker(pictures, table, own_ax)
    assert display.ax_ is own_ax
    assert display.figure_ is own_ax.figure
    assert plt.get_fignums() == figures
    assert own_ax.get_xlabel()
    assert own_ax.get_ylabel()


@pytest.mark.parametrize("maker", MAKERS.values(), ids=MAKERS)
def test_a_new_figure_cuts_no_text_off(maker, pictures, table):
    figure = maker(pictures, table, None).figure_
    figure.canvas.draw()
    inside = figure.bbox.padded(1.0)
    tight = figure.get_tightbbox().transformed(figure.dpi_scale_trans)
    for corner in tight.corners():
        assert inside.contains(*corner), (figure.bbox.extents, tight.extents)


@pytest.mark.parametrize("maker", MAKERS.values(), ids=MAKERS)
def test_drawing_again_gives_the_same_elsewhere(maker, pictures, table, own_ax):
    display = maker(pictures, table, None)
    assert display.plot(ax=own_ax) is display
    assert display.ax_ is own_ax


def test_matplotlib_is_imported_only_to_draw():
    code = (
        "import sys, sklearn_revae.inspection as room\n"
        "assert 'matplotlib' not in sys.modules\n"
        "sys.modules['matplotlib'] = None\n"
        "room.LossCurveDisplay([1.0]).plot()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "ImportError: LossCurveDisplay.plot requires matplotlib" in done.stderr


# traversals


def test_a_strip_shows_what_traverse_gives(pictures):
    X = pictures.X[:2]
    display = TraversalDisplay.from_estimator(
        pictures.model, X, "digit", steps=5, values=(3, 8)
    )
    path = pictures.model.traverse(X, "digit", steps=5, values=(3, 8))
    np.testing.assert_array_equal(drawn(display.im_), mosaic(path))
    assert display.im_.get_clim() == (path.min(), path.max())
    names = [text.get_text() for text in display.ax_.get_xticklabels()]
    assert names == ["3", "", "", "", "8"]


def test_a_grid_has_the_first_label_downwards(pictures):
    X = pictures.X[:1]
    display = TraversalDisplay.from_estimator(
        pictures.model, X, ("digit", "odd"), steps=3
    )
    grid = pictures.model.traverse(X, ("digit", "odd"), steps=3)
    np.testing.assert_array_equal(drawn(display.im_), mosaic(grid[0]))
    assert (display.ax_.get_ylabel(), display.ax_.get_xlabel()) == ("digit", "odd")
    assert display.ax_.get_yticklabels()[-1].get_text() == "9"
    assert display.ax_.get_xticklabels()[-1].get_text() == "yes"


def test_flat_rows_are_pictures_by_their_shape(pictures):
    strip = TraversalDisplay.from_estimator(pictures.model, pictures.X[:2])
    flat = TraversalDisplay.from_estimator(
        pictures.model, pictures.X[:2].reshape(2, 64), image_shape=(8, 8)
    )
    np.testing.assert_array_equal(drawn(flat.im_), drawn(strip.im_))


def test_lines_are_the_columns_changes_in_standard_deviations(table):
    model, X = table.model, table.X.dropna()
    display = TraversalDisplay.from_estimator(model, X, steps=6)
    path, spread = model.traverse(X, 0, steps=6), column_scales(model)
    height = path[..., 0].astype(float)
    np.testing.assert_allclose(
        display.lines_[0].get_ydata(), (height - height[:, :1]).mean(0) / spread[0]
    )
    town = (path[..., 1] != path[:, :1, 1]).mean(0)
    np.testing.assert_array_equal(display.lines_[1].get_ydata(), town)


def test_the_columns_that_go_farthest_are_named():
    ends = np.arange(12.0)
    X_new = np.linspace(0, 1, 3)[None, :, None] * ends
    display = TraversalDisplay(X_new, label_names=["size"]).plot()
    names = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert names == [f"x{j}" for j in range(11, 3, -1)]


def test_a_grid_of_a_table_or_of_many_pictures_is_refused(pictures, table):
    with pytest.raises(ValueError, match=r"label=.*a table: pass one label"):
        TraversalDisplay.from_estimator(table.model, table.X[:1], (0, 1))
    with pytest.raises(ValueError, match=r"label=.*2 pictures.*X\[:1\]"):
        TraversalDisplay.from_estimator(pictures.model, pictures.X[:2], (0, 1))


# interventions


def test_pictures_before_after_and_their_difference(pictures):
    X, do = pictures.X[:3], {"digit": 4}
    display = InterventionDisplay.from_estimator(pictures.model, X, do)
    after = pictures.model.intervene(X, do, residual=True)
    pairs = np.stack([X, after], axis=1)
    np.testing.assert_array_equal(drawn(display.im_), mosaic(pairs))
    assert display.im_.get_clim() == (pairs.min(), pairs.max())
    np.testing.assert_array_equal(
        drawn(display.difference_im_), mosaic((after - X)[:, None])
    )
    low, high = display.difference_im_.get_clim()
    assert -low == high == np.abs(after - X).max()
    assert display.ax_.get_xlabel() == "digit = 4"


def test_the_difference_lies_beside_the_pairs(pictures):
    X = pictures.X[:2]
    display = InterventionDisplay(X, X).plot()
    gap = display.difference_im_.get_extent()[0] - display.im_.get_extent()[1]
    assert gap == 1
    assert display.difference_im_.get_extent()[1] == display.ax_.get_xlim()[1]


def test_bars_are_mean_changes_the_longest_first(table):
    model, X = table.model, table.X
    display = InterventionDisplay.from_estimator(model, X, "tall")
    after, spread = model.intervene(X, "tall", residual=True), column_scales(model)
    widths = dict(
        zip(display.columns_, [bar.get_width() for bar in display.bars_], strict=True)
    )
    height = (after["height"] - X["height"]).mean() / spread[0]
    known = X["town"].notna()
    assert widths[0] == pytest.approx(height)
    assert widths[1] == pytest.approx((after["town"] != X["town"])[known].mean())
    assert np.all(np.diff(np.abs(list(widths.values()))) <= 0)


def test_changed_columns_are_bold_and_others_are_not():
    display = InterventionDisplay(
        [[1.0, 5.0], [1.0, 6.0]], [[1.0, 5.0], [2.0, 6.0]]
    ).plot()
    weights = [text.get_fontweight() for text in display.ax_.get_yticklabels()]
    assert display.columns_ == [0, 1]
    assert weights == ["bold", "normal"]
    (values,) = display.ax_.child_axes
    assert [t.get_text() for t in values.get_yticklabels()] == ["1 → 1.5", "5.5 → 5.5"]


def test_rows_before_and_after_must_fit():
    with pytest.raises(ValueError, match=r"X_new has shape \(3, 2\).*X has \(2, 2\)"):
        InterventionDisplay(np.zeros((2, 2)), np.zeros((3, 2)))


# swaps


def test_a_swap_stands_between_its_row_and_its_donor(pictures):
    X, donors = pictures.X[:2], pictures.X[5:8]
    display = SwapDisplay.from_estimator(pictures.model, X, donors, "odd")
    tiles = np.full((3, 4, 8, 8), np.nan)
    tiles[1:, 0], tiles[0, 1:] = X, donors
    for j in range(3):
        tiles[1:, 1 + j] = pictures.model.swap(X, donors[j : j + 1], "odd")
    np.testing.assert_array_equal(drawn(display.im_), mosaic(tiles))
    assert display.im_.get_clim() == (np.nanmin(tiles), np.nanmax(tiles))
    assert display.label_names == ["odd"]


@pytest.mark.parametrize("labels", [None, ["digit", 1]])
def test_the_labels_that_are_given_are_named(labels, pictures):
    display = SwapDisplay.from_estimator(
        pictures.model, pictures.X[:1], pictures.X[1:2], labels
    )
    assert display.ax_.get_xlabel() == "donor of digit, odd"


def test_swaps_of_a_table_are_refused_with_a_cure(table):
    with pytest.raises(
        ValueError, match=r"X holds flat rows.*image_shape.*InterventionD"
    ):
        SwapDisplay.from_estimator(table.model, table.X[:2], table.X[2:4])


# samples


def test_samples_have_a_row_a_value_and_a_column_a_draw(pictures):
    model = pictures.model
    display = SamplesDisplay.from_estimator(model, "odd", n_samples=3, random_state=0)
    assert display.values == ["no", "yes"]
    np.testing.assert_array_equal(drawn(display.im_), mosaic(display.X_drawn))
    again = SamplesDisplay.from_estimator(model, "odd", n_samples=3, random_state=0)
    np.testing.assert_array_equal(again.X_drawn, display.X_drawn)


def test_samples_are_of_the_value_that_they_stand_beside(pictures, monkeypatch):
    asked = []
    sample = type(pictures.model).sample

    def watch(self, n_samples, do, random_state):
        asked.append((n_samples, do, random_state))
        return sample(self, n_samples, do, random_state=random_state)

    monkeypatch.setattr(type(pictures.model), "sample", watch)
    SamplesDisplay.from_estimator(pictures.model, "digit", values=[4, 2], n_samples=3)
    assert [(n, do) for n, do, _ in asked] == [(3, {0: 4}), (3, {0: 2})]
    assert asked[0][2] == asked[1][2]


def test_a_table_s_samples_are_standardised_columns(table):
    display = SamplesDisplay.from_estimator(table.model, n_samples=20, random_state=0)
    heat = drawn(display.im_)
    assert heat.shape == (40, 4)
    height = display.X_drawn[..., 0].astype(float).ravel()
    np.testing.assert_allclose(heat[:, 0], (height - height.mean()) / height.std())
    low, high = display.im_.get_clim()
    assert -low == high == np.abs(heat).max()


def test_columns_that_tell_values_apart_are_kept():
    X = np.random.RandomState(0).standard_normal((2, 30, 4))
    X[1, :, [1, 3]] += 5
    display = SamplesDisplay(X, values=["no", "yes"], label_name="large")
    assert display.plot(max_columns=2).columns_ == [1, 3]


def test_a_transformer_tells_the_values_as_well(narrow):
    display = SamplesDisplay.from_estimator(narrow.model, n_samples=2)
    assert display.values == [0, 1]
    assert display.X_drawn.shape == (2, 2, 3)
    with pytest.raises(ValueError, match=r"values=\[\] names none"):
        SamplesDisplay.from_estimator(narrow.model, values=[])


def test_rows_need_not_show_all_values(narrow):
    display = LatentDisplay.from_estimator(narrow.model, narrow.X[:20], narrow.y[:20])
    assert display.values == [0, 1]
    assert set(display.codes) == {0}


# latents


def test_points_are_the_label_s_latents(table):
    y = table.y.astype(object)
    y[::2] = None
    display = LatentDisplay.from_estimator(table.model, table.X, y)
    Z = table.model.transform(table.X)[:, :2]
    # Those without a label first.
    expected = np.concatenate([Z[::2], Z[1::2]])
    np.testing.assert_array_equal(display.scatter_.get_offsets(), expected)
    grey, colors = np.split(display.scatter_.get_facecolors()[:, :3], 2)
    assert (grey == 0.7).all()
    is_tall = y[1::2] == "tall"
    edges = np.array([patch.get_edgecolor()[:3] for patch in display.priors_])
    np.testing.assert_array_equal(colors, edges[is_tall.astype(int)])


def test_ellipses_are_the_prior_s(table):
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


def test_the_second_label_has_the_second_block(pictures):
    display = LatentDisplay.from_estimator(
        pictures.model, pictures.X, pictures.Y, label="odd"
    )
    width = pictures.model.label_dim_
    Z = pictures.model.transform(pictures.X)[:, width : 2 * width]
    np.testing.assert_array_equal(display.latents, Z)
    assert (display.codes[::3] == -1).all()
    assert len(display.priors_) == 2
    # Two orthonormal directions, and no other tells more of the variance.
    seen = display.scatter_.get_offsets()
    largest = np.linalg.eigvalsh(np.cov(Z.T, bias=True))[::-1][:2]
    np.testing.assert_allclose(np.sort(seen.var(axis=0))[::-1], largest, rtol=1e-4)


def test_an_ellipse_is_the_shadow_of_the_prior():
    random = np.random.RandomState(0)
    scales = np.array([0.5, 1.0, 2.0, 4.0])
    directions = plane(random.standard_normal((50, 4)))
    drawn_from = random.standard_normal((200_000, 4)) * scales @ directions.T
    half_axes, angle = ellipse(directions, scales)
    turn = np.radians(angle)
    along = drawn_from @ [np.cos(turn), np.sin(turn)]
    across = drawn_from @ [-np.sin(turn), np.cos(turn)]
    np.testing.assert_allclose([along.std(), across.std()], half_axes, rtol=0.02)
    assert abs(np.corrcoef(along, across)[0, 1]) < 0.02


def test_a_single_latent_has_a_line_a_value(narrow):
    display = LatentDisplay.from_estimator(narrow.model, narrow.X, narrow.y)
    x, line = display.scatter_.get_offsets().T
    Z = narrow.model.transform(narrow.X)[:, 0]
    np.testing.assert_array_equal(x, np.concatenate([Z[40:], Z[:40]]))
    np.testing.assert_array_equal(line, np.repeat([2, 0, 1], 20))
    prior = narrow.model.module_.label_model
    scale = prior.scales.detach().numpy()[0, :, 0]
    widths = [bar.get_width() for bar in display.priors_]
    np.testing.assert_allclose(widths, 4 * scale, rtol=1e-5)


def test_labels_that_do_not_fit_are_refused(table):
    with pytest.raises(ValueError, match=r"'huge', which is no value.*small.*tall"):
        LatentDisplay.from_estimator(table.model, table.X, ["huge"] * len(table.X))
    with pytest.raises(ValueError, match=r"y has 3 entries, but X has 80 rows"):
        LatentDisplay.from_estimator(table.model, table.X, ["tall"] * 3)
    with pytest.raises(ValueError, match=r"label='size' is no label.*label_0"):
        LatentDisplay.from_estimator(table.model, table.X, label="size")


def test_a_model_without_labels_has_no_latents_of_any():
    X = np.random.RandomState(0).rand(20, 3)
    model = ReVAETransformer((4,), max_iter=1, random_state=0).fit(X)
    with pytest.raises(ValueError, match=r"label=0.*fitted without y"):
        LatentDisplay.from_estimator(model, X)


# reports


def test_the_matrix_holds_changes_of_probability(pictures):
    model, X = pictures.model, pictures.X[:20]
    display = InterventionReportDisplay.from_estimator(model, X)
    before = model.predict_proba(X)
    odd = model.predict(X)[:, 1]
    other = np.where(odd == "yes", "no", "yes")
    after = model.predict_proba(model.intervene(X, {"odd": other}))
    expected = [
        0.5 * np.abs(new - old).sum(axis=1).mean()
        for old, new in zip(before, after, strict=True)
    ]
    np.testing.assert_allclose(display.change_matrix[1], expected)
    assert display.change_matrix.max() <= 1
    np.testing.assert_array_equal(drawn(display.im_), display.change_matrix)
    assert display.text_[1, 0].get_text() == f"{expected[0]:.2f}"


def test_a_report_has_a_line_a_label_and_value(pictures):
    X = pictures.X[:6]
    _, report = pictures.model.intervene(X, {"odd": ["no", "yes"] * 3}, report=True)
    display = InterventionReportDisplay.from_report(report)
    lines = [text.get_text() for text in display.ax_.get_yticklabels()]
    assert lines == ["odd = no", "odd = yes"]
    np.testing.assert_array_equal(drawn(display.im_), report.change_matrix())


def test_a_transformer_cannot_judge_its_edits(narrow):
    with pytest.raises(ValueError, match=r"ReVAETransformer.*pass a ReVAEClassifier"):
        InterventionReportDisplay.from_estimator(narrow.model, narrow.X)


def test_a_matrix_that_does_not_fit_its_names_is_refused():
    with pytest.raises(ValueError, match=r"change_matrix has shape \(1, 2\)"):
        InterventionReportDisplay([[0.5, 0.5]], label_names=["a", "b"])


# losses


def test_curves_are_the_history(pictures):
    display = LossCurveDisplay.from_estimator(pictures.model)
    model = pictures.model
    np.testing.assert_array_equal(display.line_.get_xdata(), np.arange(model.n_iter_) + 1)
    np.testing.assert_array_equal(display.line_.get_ydata(), model.loss_curve_)
    scores = [epoch["validation_score"] for epoch in model.history_]
    np.testing.assert_array_equal(display.score_line_.get_ydata(), scores)


def test_without_validation_there_is_no_score(table):
    display = LossCurveDisplay.from_estimator(table.model)
    assert display.score_line_ is None
    assert len(display.figure_.axes) == 1


def test_scores_of_another_length_are_refused():
    with pytest.raises(ValueError, match=r"validation_scores has 1.*loss_curve.*2"):
        LossCurveDisplay([1.0, 2.0], validation_scores=[0.5])


# scales


def test_scales_are_those_of_drawn_rows(table):
    rows, _ = table.model.sample(1000, random_state=0)
    scales = column_scales(table.model)
    columns = columns_of(rows)
    assert scales[0] == columns[0].std()
    assert list(scales[1:3]) == [1.0, 1.0]
