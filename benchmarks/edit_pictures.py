"""Pictures of edited faces: one edit by all models, and all edits by one model."""

import numpy as np

# Number of faces in a picture.
N_SHOWN = 8


def draw(columns, path):
    """Save a picture of columns of images (n, size, size, 3), with titles on top."""
    import matplotlib.pyplot as plt

    tiles = np.concatenate([np.concatenate(c) for c in columns.values()], axis=1)
    side = next(iter(columns.values())).shape[1]
    figure, axes = plt.subplots(figsize=(0.85 * len(columns), 0.9 * N_SHOWN))
    axes.imshow(tiles, interpolation="nearest")
    axes.set_xticks(side * np.arange(len(columns)) + side // 2, columns, fontsize=6)
    axes.tick_params(top=False, labeltop=True, labelbottom=False, length=0)
    axes.set_yticks([])
    figure.savefig(path, dpi=110, bbox_inches="tight")


def rivals_shown(methods, trial):
    """Return the columns of the picture of one edit by all methods."""
    X, do = trial.X[:N_SHOWN], {trial.label: trial.value}
    columns = {"face": X, "drawn": trial.drawn[:N_SHOWN, 0]}
    for name, method in methods.items():
        columns[name.replace(", ", "\n")] = method.intervene(X, do)
    return columns


def sheet(method, X, trials):
    """Return the columns of the picture of every label and value by one method."""
    columns = {"face": X, "reconstructed": method.model.reconstruct(X)}
    for trial in trials:
        title = trial.title.replace(" ", "\n")
        columns[title] = method.intervene(X, {trial.label: trial.value})
    return columns
