"""Where a Display draws: the Axes it was given, or a new figure of its own."""


def axes_for(ax, figsize):
    """`ax`, or the one Axes of a new figure in which all text finds room."""
    if ax is not None:
        return ax
    import matplotlib.pyplot as plt

    return plt.subplots(figsize=figsize, layout="constrained")[1]


def tidy(ax, *, frame=True):
    """Take away lines that carry nothing: the right and upper spine, or all four."""
    hidden = ["top", "right"] if frame else ["top", "right", "bottom", "left"]
    ax.spines[hidden].set_visible(False)


def colorbar_beside(ax, image, label):
    """A colorbar right of `ax`, which keeps the room that `ax` has."""
    beside = ax.inset_axes([1.03, 0.0, 0.025, 1.0])
    return ax.figure.colorbar(image, cax=beside, label=label)
