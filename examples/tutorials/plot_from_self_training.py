"""
From SelfTrainingClassifier to ReVAE in five minutes
====================================================

You have used scikit-learn's semi-supervised classifiers. Here are two of them and
:class:`sklearn_revae.ReVAEClassifier` on the same few labels: what changes in your code
(nothing but the name), what changes in the accuracy, and what else the model can do.
"""

# %%
# The data
# --------
# Scikit-learn's digits, of which five a class are labelled. -1 stands for "not known",
# for all three classifiers. Which rows are labelled is a matter of luck, so everything is
# done for three draws.

import sys

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.semi_supervised import LabelSpreading, SelfTrainingClassifier

from sklearn_revae import ReVAEClassifier
from sklearn_revae.datasets import mask_labels

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(
    X / 16, y, test_size=0.3, stratify=y, random_state=0
)
draws = [mask_labels(y_train, n_per_class=5, random_state=seed) for seed in range(3)]
print(f"{len(y_train)} rows to learn from, {np.sum(draws[0] != -1)} of them labelled")

# %%
# What you know
# -------------
# SelfTrainingClassifier lets a classifier label the rows that it is sure of, and fits it
# again. LabelSpreading spreads labels along a graph of neighbours. Logistic regression on
# the labelled rows alone is what both should beat; self-training does not always.

scores = {}


def report(name, accuracies):
    """Keep and print the accuracies on the test rows, one a draw."""
    scores[name] = accuracies
    each = ", ".join(f"{accuracy:.3f}" for accuracy in accuracies)
    print(f"{name:<26}{np.mean(accuracies):.3f}   ({each})")


logistic = LogisticRegression(max_iter=1000)
report(
    "LogisticRegression",
    [
        logistic.fit(X_train[few != -1], few[few != -1]).score(X_test, y_test)
        for few in draws
    ],
)
report(
    "SelfTrainingClassifier",
    [
        SelfTrainingClassifier(logistic).fit(X_train, few).score(X_test, y_test)
        for few in draws
    ],
)
# It divides by zero where no label reaches a row, and calls it a 0.
with np.errstate(invalid="ignore"):
    report(
        "LabelSpreading",
        [
            LabelSpreading(kernel="knn", n_neighbors=7)
            .fit(X_train, few)
            .score(X_test, y_test)
            for few in draws
        ],
    )

# %%
# The same with ReVAE
# -------------------
# The same X, the same y, another name. A smaller network and fewer epochs than the
# default's keep this page short.

models = [
    ReVAEClassifier((128,), max_iter=50, random_state=0).fit(X_train, few)
    for few in draws
]
report("ReVAEClassifier", [model.score(X_test, y_test) for model in models])

# %%
# It takes seconds where the others take a moment. If accuracy is all you want, and
# neighbours are alike as with digits, LabelSpreading does as well or better: over five
# draws, with the default parameters, both had 0.90 with three labels a class, and 0.96
# with ten (``benchmarks/RESULTS.rst``). What follows only a model of the rows can do.
#
# Latents
# -------
# ``transform`` gives ten latents of the label, *how* a row shows its digit, and eight of
# style. Any other tool can go on from there.

model = models[0]
latents = model.transform(X_test)
print(f"latents of {len(latents)} rows: {', '.join(model.get_feature_names_out()[:3])},")
print(f"..., {', '.join(model.get_feature_names_out()[-2:])}")

# %%
# Rows with another label
# -----------------------
# ``intervene`` answers what a row would look like as another digit, and its report
# whether the model itself believes the answer. That is an edit along what the data
# associates with a label, not the effect of a cause. A judge that knows all labels of the
# training rows is stricter.

asked = (y_test + 1) % 10
edited, edits = model.intervene(X_test, asked, report=True)
judge = LogisticRegression(max_iter=1000).fit(X_train, y_train)
print(edits)
print(
    f"a judge reads {np.mean(judge.predict(edited) == asked):.1%} of the edits as asked"
)
print(f"and {judge.score(X_test, y_test):.1%} of the test rows as what they are")

# %%
# Rows unlike all others
# ----------------------
# ``score_samples`` says how likely a row is. Shuffle a digit's pixels, and the
# classifiers above still name a digit. The score tells.

shuffled = np.random.default_rng(0).permuted(X_test, axis=1)
limit = model.training_score_quantiles_[1]
for name, rows in [("test rows", X_test), ("shuffled rows", shuffled)]:
    strange = np.mean(model.score_samples(rows) < limit)
    print(f"{name:<14} below 99 % of the training rows: {strange:.0%}")

# %%
# On the left the accuracies, a dot a draw and a line for their mean. On the right test
# digits, and each asked to be the next one.

shown = [np.flatnonzero(y_test == digit)[0] for digit in range(10)]
tiles = np.stack([X_test[shown], edited[shown]]).reshape(2, 10, 8, 8)
tiles = np.pad(tiles, [(0, 0), (0, 0), (1, 1), (1, 1)])
# Two columns of five pairs.
tiles = tiles.reshape(2, 2, 5, 10, 10).transpose(2, 3, 1, 0, 4).reshape(50, 40)

fig, (left, right) = plt.subplots(
    1, 2, figsize=(9, 3.8), width_ratios=[1.5, 1], layout="constrained"
)
for place, (name, accuracies) in enumerate(scores.items()):
    color = "tab:blue" if name == "ReVAEClassifier" else "0.4"
    left.plot(accuracies, [place] * len(accuracies), "o", color=color, alpha=0.6)
    left.plot(np.mean(accuracies), place, "|", color=color, ms=22, mew=2.5)
left.set_yticks(range(len(scores)), scores)
left.set_ylim(-0.5, len(scores) - 0.5)
left.invert_yaxis()
left.tick_params(axis="y", length=0)
left.set(xlabel="accuracy", title="Five labels a class, test rows")
left.grid(axis="x", alpha=0.3)
left.spines[["top", "right"]].set_visible(False)
right.imshow(tiles, cmap="gray_r", vmin=0, vmax=1)
right.set_xticks([4.5, 14.5, 24.5, 34.5], ["row", "next", "row", "next"])
right.set_yticks([])
right.tick_params(length=0, labeltop=True, labelbottom=False)
right.spines[:].set_visible(False)
right.set_title("Each digit as the next")
if len(sys.argv) > 1:
    fig.savefig(sys.argv[1], dpi=130)
    print(f"wrote {sys.argv[1]}")
else:
    plt.show()
