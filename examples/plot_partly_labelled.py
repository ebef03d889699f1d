"""
Fourteen labels, known in part
==============================

Genes of yeast with fourteen labels: groups of functions, of which a gene has several. A
fifth of the genes is labelled, and of those labels not every cell is known: y is a
table with gaps, -1 where nothing is known. The model uses every cell that is there.

The data are in the package river; without it the example says so.
"""

# %%
# The data
# --------
# Only the file is read; the package itself is not imported. 103 measurements a gene,
# then fourteen columns of zeros and ones.

import sys
from importlib.metadata import PackageNotFoundError, distribution

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_revae import ReVAEClassifier
from sklearn_revae.datasets import mask_labels

try:
    package = distribution("river")
except PackageNotFoundError:
    print("The data are missing: pip install --no-deps river==0.26.1")
    sys.exit(0)

genes = pd.read_csv(package.locate_file("river/datasets/yeast.csv.gz"))
X, y = genes.iloc[:, :103].to_numpy(), genes.iloc[:, 103:].to_numpy()
X, X_test, y, y_test = train_test_split(X, y, test_size=0.3, random_state=0)

# %%
# Gaps in y
# ---------
# First a fifth of the rows keeps all of its labels. Then 30 % of those cells are lost,
# which leaves hardly a row complete: leaving the others out is no option.

y_whole = mask_labels(y, fraction=0.2, random_state=0)
lost = np.random.default_rng(0).random(y.shape) < 0.3
y_partly = np.where(lost, -1, y_whole)
print(f"y of shape {y_partly.shape}; three of its rows that have labels:")
for row in y_partly[(y_whole >= 0).any(axis=1)][:3]:
    print("  ", *[f"{cell:>2}" for cell in row])
for name, labels in [("whole", y_whole), ("partly", y_partly)]:
    complete = np.sum((labels >= 0).all(axis=1))
    print(f"{name}: {np.mean(labels >= 0):.1%} of all cells, {complete} rows complete")

# %%
# F1 of each label
# ----------------
# One model for all labels, and for each label a logistic regression of its own, on the
# rows where that label is known. 40 epochs, two fifths of the default's, keep this short.
# F1 tells how well the genes that have a label are found; its mean over the labels is
# macro-F1.


def with_revae(labels):
    """Predictions (n, 14) for the test rows."""
    return ReVAEClassifier(max_iter=40, random_state=0).fit(X, labels).predict(X_test)


def with_logistic_regression(labels):
    """The same, label by label."""
    predicted = []
    for label in labels.T:
        known = label >= 0
        model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
        predicted.append(model.fit(X[known], label[known]).predict(X_test))
    return np.column_stack(predicted)


scores = {}
for name, labels in [("whole rows", y_whole), ("30 % of cells lost", y_partly)]:
    for fit in [with_revae, with_logistic_regression]:
        score = f1_score(y_test, fit(labels), average=None, zero_division=0)
        scores[fit.__name__, name] = score

print(f"macro-F1 on {len(y_test)} test rows      ReVAE  logistic regression")
for name in ["whole rows", "30 % of cells lost"]:
    ours, theirs = scores["with_revae", name], scores["with_logistic_regression", name]
    print(f"  {name:<24}{ours.mean():>10.3f}{theirs.mean():>21.3f}")

# %%
# The labels, the most frequent first. The bars are scores with lost cells, the dots those
# with whole rows; where a dot is below its bar the loss did no harm that one split could
# show. Rare labels are found by neither: hardly any of the labelled genes has them.

order = np.argsort(-y.mean(axis=0))
fig, ax = plt.subplots(figsize=(9, 4.2), layout="constrained")
looks = [
    ("with_revae", "ReVAEClassifier", "tab:blue", -0.2),
    ("with_logistic_regression", "LogisticRegression", "tab:gray", 0.2),
]
for fit, label, color, shift in looks:
    places = np.arange(len(order)) + shift
    ax.bar(
        places,
        scores[fit, "30 % of cells lost"][order],
        width=0.38,
        color=color,
        alpha=0.55,
        label=f"{label}, 30 % of cells lost",
    )
    ax.plot(
        places,
        scores[fit, "whole rows"][order],
        "o",
        color=color,
        label=f"{label}, whole rows",
    )
ticks = [f"{k + 1}\n{y[:, k].mean():.0%}" for k in order]
ax.set_xticks(np.arange(len(order)), ticks)
ax.tick_params(axis="x", length=0)
ax.set(xlabel="label, and how many genes have it", ylabel="F1 on the test rows")
ax.set_title("Fourteen labels, a fifth of the rows labelled")
ax.spines[["top", "right"]].set_visible(False)
ax.legend(frameon=False)

# sphinx_gallery_start_ignore
if len(sys.argv) > 1:
    fig.savefig(sys.argv[1], dpi=130)
    print(f"wrote {sys.argv[1]}")
else:
    plt.show()
# sphinx_gallery_end_ignore
