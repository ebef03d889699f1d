"""Every display: the Axes it draws on, its figure, and when matplotlib is imported."""

import subprocess
import sys

import matplotlib.pyplot as plt
import numpy as np
import pytest

from sklearn_revae.inspection import (
    InterventionDisplay,
    InterventionReportDisplay,
    LatentDisplay,
    LossCurveDisplay,
    SamplesDisplay,
    SwapDisplay,
    TraversalDisplay,
)

# Functions of the images `i` and the table `t` of conftest.py.
MAKERS = {
    "loss": lambda i, t, ax: LossCurveDisplay.from_estimator(i.model, ax=ax),
    "latents": lambda i, t, ax: LatentDisplay.from_estimator(t.model, t.X, t.y, ax=ax),
    "strip": lambda i, t, ax: TraversalDisplay.from_estimator(i.model, i.X[:2], ax=ax),
    "grid": lambda i, t, ax: TraversalDisplay.from_estimator(
        i.model, i.X[:1], ("digit", "odd"), steps=3, ax=ax
    ),
    "lines": lambda i, t, ax: TraversalDisplay.from_estimator(t.model, t.X, ax=ax),
    "images": lambda i, t, ax: InterventionDisplay.from_estimator(
        i.model, i.X[:2], {"digit": 3}, ax=ax
    ),
    "bars": lambda i, t, ax: InterventionDisplay.from_estimator(
        t.model, t.X, "tall", ax=ax
    ),
    "swap": lambda i, t, ax: SwapDisplay.from_estimator(
        i.model, i.X[:2], i.X[2:5], ax=ax
    ),
    "samples": lambda i, t, ax: SamplesDisplay.from_estimator(
        i.model, "odd", n_samples=2, ax=ax
    ),
    "heat map": lambda i, t, ax: SamplesDisplay.from_estimator(t.model, ax=ax),
    "report": lambda i, t, ax: InterventionReportDisplay.from_estimator(
        i.model, i.X[:5], ax=ax
    ),
}

NAMES = ["Presence of cardiovascular disease", "Patient smokes at least once a week"]
REQUEST = ", ".join(f"{name} = certainly not" for name in NAMES)
LONG = {
    "report": lambda: InterventionReportDisplay(np.eye(2), label_names=NAMES),
    "bars": lambda: InterventionDisplay([[1.0]], [[3.0]], requested=REQUEST),
    "images": lambda: InterventionDisplay(*np.ones((2, 1, 4, 4)), requested=REQUEST),
    "latents": lambda: LatentDisplay(
        np.random.RandomState(0).standard_normal((60, 3)),
        *np.ones((2, 1, 3)),
        values=[0],
        label_name=NAMES[0],
    ),
}
MAKERS |= {
    f"{kind} with long names": lambda i, t, ax, maker=maker: maker().plot(ax=ax)
    for kind, maker in LONG.items()
}

INK = {"cmap": "gray_r"}


@pytest.mark.parametrize("maker", MAKERS.values(), ids=MAKERS)
def test_everything_is_drawn_on_the_given_axes(maker, images, table, own_ax):
    figures = plt.get_fignums()
    display = maker(images, table, own_ax)
    assert display.ax_ is own_ax
    assert display.figure_ is own_ax.figure
    assert plt.get_fignums() == figures
    assert own_ax.get_xlabel()
    assert own_ax.get_ylabel()


@pytest.mark.parametrize("maker", MAKERS.values(), ids=MAKERS)
def test_no_text_is_cut_off_in_a_new_figure(maker, images, table):
    figure = maker(images, table, None).figure_
    figure.canvas.draw()
    inside = figure.bbox.padded(1.0)
    tight = figure.get_tightbbox().transformed(figure.dpi_scale_trans)
    for corner in tight.corners():
        assert inside.contains(*corner), (figure.bbox.extents, tight.extents)


@pytest.mark.parametrize("maker", MAKERS.values(), ids=MAKERS)
def test_plot_draws_the_same_display_on_other_axes(maker, images, table, own_ax):
    display = maker(images, table, None)
    assert display.plot(ax=own_ax) is display
    assert display.ax_ is own_ax


def test_optional_packages_are_not_imported_and_matplotlib_only_for_drawing():
    code = (
        "import sys, sklearn_revae.inspection as inspection\n"
        "optional = {'anndata', 'dask', 'gradio', 'matplotlib', 'polars', 'zarr'}\n"
        "assert not optional & set(sys.modules)\n"
        "sys.modules['matplotlib'] = None\n"
        "inspection.LossCurveDisplay([1.0]).plot()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "ImportError: LossCurveDisplay.plot requires matplotlib" in done.stderr


@pytest.mark.parametrize(
    "draw",
    [
        lambda i: InterventionDisplay.from_estimator(
            i.model, i.X[:2], {"digit": 3}, **INK
        ),
        lambda i: SwapDisplay.from_estimator(i.model, i.X[:2], i.X[2:4], **INK),
        lambda i: SamplesDisplay.from_estimator(i.model, "odd", n_samples=2, **INK),
        lambda i: TraversalDisplay.from_estimator(i.model, i.X[:2], **INK),
    ],
    ids=["intervention", "swap", "samples", "traversal"],
)
def test_images_have_the_given_colour_map(draw, images):
    assert draw(images).im_.get_cmap().name == "gray_r"
