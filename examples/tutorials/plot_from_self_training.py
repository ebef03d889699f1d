"""
From SelfTrainingClassifier to ReVAE
====================================

This tutorial is for users of scikit-learn's semi-supervised classifiers. It compares two
of them with :class:`sklearn_revae.ReVAEClassifier` on the same few labels. You will see
that only the class name changes in your code, how the accuracies compare, and what else
the model can do.
"""

# %%
# The data
# --------
# We use scikit-learn's digits with five labels per class. For all three classifiers, -1
# marks unlabelled samples. Because the results depend on which samples are labelled, we
# repeat everything for three random choices of labels.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.semi_supervised import LabelSpreading, SelfTrainingClassifier

from sklearn_revae import ReVAEClassifier
from sklearn_revae.datasets import mask_labels

X, y = load_digits(return_X_y=True)
# Only the other classifiers and imshow need values in [0, 1].
X_train, X_test, y_train, y_test = train_test_split(
    X / 16, y, test_size=0.3, stratify=y, random_state=0
)
label_sets = [mask_labels(y_train, n_per_class=5, random_state=seed) for seed in range(3)]
n_labeled = np.sum(label_sets[0] != -1)
print(f"{len(y_train)} training samples, {n_labeled} of them labelled")

# %%
# Classifiers of scikit-learn
# ---------------------------
# SelfTrainingClassifier lets a classifier label the samples that it is certain of, and
# then refits it. LabelSpreading propagates labels along a nearest-neighbour graph. Both
# should be more accurate than a logistic regression trained only on the labelled samples;
# self-training is not always.

scores = {}


def report(name, accuracies):
    """Store and print the test accuracies, one for each choice of labels."""
    scores[name] = accuracies
    values = ", ".join(f"{accuracy:.3f}" for accuracy in accuracies)
    print(f"{name:<26}{np.mean(accuracies):.3f}   ({values})")


logistic = LogisticRegression(max_iter=1000)
report(
    "LogisticRegression",
    [
        logistic.fit(X_train[y_few != -1], y_few[y_few != -1]).score(X_test, y_test)
        for y_few in label_sets
    ],
)
report(
    "SelfTrainingClassifier",
    [
        SelfTrainingClassifier(logistic).fit(X_train, y_few).score(X_test, y_test)
        for y_few in label_sets
    ],
)
# LabelSpreading divides by zero for samples that no label reaches; it predicts 0.
with np.errstate(invalid="ignore"):
    report(
        "LabelSpreading",
        [
            LabelSpreading(kernel="knn", n_neighbors=7)
            .fit(X_train, y_few)
            .score(X_test, y_test)
            for y_few in label_sets
        ],
    )

# %%
# The same with ReVAEClassifier
# -----------------------------
# X and y stay the same; only the class changes.

models = [ReVAEClassifier(random_state=0).fit(X_train, y_few) for y_few in label_sets]
report("ReVAEClassifier", [model.score(X_test, y_test) for model in models])

# %%
# Training takes seconds, whereas the other classifiers need a fraction of a second. If
# you only need accuracy, and nearest neighbours usually have the same label, as for
# digits, LabelSpreading is almost as accurate: averaged over five random choices of
# labels, ReVAE reaches an accuracy of 0.93 with three labels per class and LabelSpreading
# 0.90; with ten, 0.97 and 0.96. The rest of this tutorial shows what additionally becomes
# possible with a generative model.
#
# A latent representation
# -----------------------
# ``transform`` returns the latent codes of the samples: ten dimensions for the label,
# which encode *how* an image shows its digit, and eight dimensions for the style. They
# can be used as features for any other estimator.

model = models[0]
latent_codes = model.transform(X_test)
names = model.get_feature_names_out()
print(f"shape of the latent codes: {latent_codes.shape}")
print(f"names: {', '.join(names[:3])}, ..., {', '.join(names[-2:])}")

# %%
# Counterfactual samples
# ----------------------
# ``intervene`` shows what a sample would look like if its label were different. The edits
# follow associations in the data; they are not causal effects. The report is the model's
# own assessment of the edits. A stricter test is an independent classifier, here a
# logistic regression trained on all labels of the training set.

requested = (y_test + 1) % 10
edited, edit_report = model.intervene(X_test, requested, report=True)
independent = LogisticRegression(max_iter=1000).fit(X_train, y_train)
print(edit_report)
recognised = np.mean(independent.predict(edited) == requested)
print(f"independent classifier: recognises the requested digit in {recognised:.1%}")
accuracy = independent.score(X_test, y_test)
print(f"of the edits; its accuracy on unedited test samples is {accuracy:.1%}")

# %%
# Out-of-distribution samples
# ---------------------------
# ``score_samples`` returns a lower bound on the log-likelihood of each sample. If the
# pixels of a digit are shuffled, every classifier above still predicts some digit, but
# the score reveals that the sample is unlike the training data.

shuffled = np.random.default_rng(0).permuted(X_test, axis=1)
threshold = model.training_score_quantiles_[1]
print("fraction of samples that score lower than 99 % of the training samples")
for name, samples in [("test samples", X_test), ("shuffled samples", shuffled)]:
    print(f"  {name:<18}{np.mean(model.score_samples(samples) < threshold):.0%}")

# %%
# The left panel shows the accuracies: one dot for each choice of labels, and a line for
# their mean. The right panel shows test digits and their edits to the next digit.

shown = [np.flatnonzero(y_test == digit)[0] for digit in range(10)]
tiles = np.stack([X_test[shown], edited[shown]]).reshape(2, 10, 8, 8)
tiles = np.pad(tiles, [(0, 0), (0, 0), (1, 1), (1, 1)])
# Arrange the ten pairs in two columns of five.
tiles = tiles.reshape(2, 2, 5, 10, 10).transpose(2, 3, 1, 0, 4).reshape(50, 40)

fig, (left, right) = plt.subplots(
    1, 2, figsize=(9, 3.8), width_ratios=[1.5, 1], layout="constrained"
)
for position, (name, accuracies) in enumerate(scores.items()):
    color = "tab:blue" if name == "ReVAEClassifier" else "0.4"
    left.plot(accuracies, [position] * len(accuracies), "o", color=color, alpha=0.6)
    left.plot(np.mean(accuracies), position, "|", color=color, ms=22, mew=2.5)
left.set_yticks(range(len(scores)), scores)
left.set_ylim(-0.5, len(scores) - 0.5)
left.invert_yaxis()
left.tick_params(axis="y", length=0)
left.set(xlabel="accuracy", title="Test accuracy with five labels per class")
left.grid(axis="x", alpha=0.3)
left.spines[["top", "right"]].set_visible(False)
right.imshow(tiles, cmap="gray_r", vmin=0, vmax=1)
right.set_xticks([4.5, 14.5, 24.5, 34.5], ["original", "edit", "original", "edit"])
right.set_yticks([])
right.tick_params(length=0, labeltop=True, labelbottom=False)
right.spines[:].set_visible(False)
right.set_title("Edits to the next digit")

# sphinx_gallery_start_ignore
import sys

if len(sys.argv) > 1:
    fig.savefig(sys.argv[1], dpi=130)
    print(f"wrote {sys.argv[1]}")
else:
    plt.show()
# sphinx_gallery_end_ignore
