"""The Axes that a display draws on: the one passed in, or one in a new figure."""

import textwrap

from sklearn_revae._interventions.report_views import check_axes

# Width in inches of a letter of an axis label, and height of a line.
LETTER, LINE = 0.08, 0.2


def axes_for(ax, figsize):
    """Return `ax`, or the Axes of a new figure whose layout leaves room for all text.

    Parameters
    ----------
    ax : matplotlib Axes or None
        The Axes that the user passed in.
    figsize : tuple of float
        Width and height of the new figure, in inches.

    Raises
    ------
    TypeError
        If `ax` is neither Axes nor None.
    """
    if ax is not None:
        check_axes(ax)
        return ax
    import matplotlib.pyplot as plt

    return plt.subplots(figsize=figsize, layout="constrained")[1]


def tidy(ax, *, frame=True):
    """Hide the right and the upper spine of `ax`, or all four if `frame` is False."""
    hidden = ["top", "right"] if frame else ["top", "right", "bottom", "left"]
    ax.spines[hidden].set_visible(False)


def colorbar_beside(ax, image, label):
    """Add a colorbar to the right of `ax` without changing the size of `ax`."""
    beside = ax.inset_axes([1.03, 0.0, 0.025, 1.0])
    return ax.figure.colorbar(image, cax=beside, label=label)


def wrapped(text, width=44):
    """Break a text that may be long, such as the name of a label, into lines."""
    return textwrap.fill(text, width)
