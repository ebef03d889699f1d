"""Compare how StratifiedKFold and LabeledKFold use each sample in each fold."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import ListedColormap
from matplotlib.patches import Patch
from sklearn.model_selection import StratifiedKFold

from sklearn_revae.model_selection import LabeledKFold

ROLES = {
    "training, labelled": "C0",
    "training, unlabelled": "#b9d3ea",
    "test, labelled": "C1",
    "test, unlabelled (unused)": "white",
}
y = np.repeat([0, 1, -1], [9, 9, 42])
X = np.zeros((len(y), 1))

fig, axes = plt.subplots(2, 1, figsize=(8, 3.6), layout="constrained", sharex=True)
for ax, splitter in zip(axes, [StratifiedKFold(3), LabeledKFold(3)], strict=True):
    roles = np.empty((3, len(y)))
    for fold, (train, test) in enumerate(splitter.split(X, y)):
        roles[fold, train] = np.where(y[train] >= 0, 0, 1)
        roles[fold, test] = np.where(y[test] >= 0, 2, 3)
    colors = ListedColormap(list(ROLES.values()))
    ax.pcolormesh(roles, cmap=colors, vmin=-0.5, vmax=3.5, ec="0.8", lw=0.3)
    ax.set_yticks([0.5, 1.5, 2.5], ["fold 1", "fold 2", "fold 3"])
    ax.tick_params(length=0)
    ax.invert_yaxis()
    ax.set_title(type(splitter).__name__, loc="left")
axes[1].set_xticks([4.5, 13.5, 39], ["class 0", "class 1", "unlabelled"])
handles = [Patch(fc=color, ec="0.6", label=role) for role, color in ROLES.items()]
fig.legend(handles=handles, loc="outside lower center", ncols=4, frameon=False)
