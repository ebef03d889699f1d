"""
Label 100 samples of your own data
==================================

Suppose you have time to label one hundred samples. Which ones should you choose? This
tutorial compares two criteria of *active learning*: after each round, label the samples
that the model is least certain of, or those about which the members of its ensemble
disagree most. For comparison, the same number of samples is labelled at random.
"""

# %%
# The data and the annotator
# --------------------------
# Scikit-learn's digits stand in for your data, and the function ``annotate`` stands in
# for you: replace it with a function that displays the samples and returns your labels.
# The test set is only used to monitor the progress. With your own data you will not have
# one; the end of the tutorial shows what to do instead.

import copy

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import cross_val_score, train_test_split

from sklearn_revae import ReVAEClassifier
from sklearn_revae.datasets import mask_labels
from sklearn_revae.model_selection import LabeledKFold

X, y = load_digits(return_X_y=True)
X, X_test, y, y_test = train_test_split(X, y, test_size=0.3, stratify=y, random_state=0)


def annotate(indices):
    """Return the labels that a person assigns to these samples."""
    return y[indices]


# %%
# The labelling loop
# ------------------
# We start with two labels per class, because the model cannot predict a class without
# any labelled sample. Each round adds 16 labels. With ``warm_start=True``, it continues
# from the weights of the previous round and needs only ten epochs. When labelling
# is finished, fit a model from scratch with the default parameters.
#
# The certainty of a prediction is its *margin*, the difference between the two largest
# class probabilities. A small margin has one of two causes: the sample itself may be
# ambiguous, or the labels may not suffice to determine its class. In the second case the
# ensemble members predict different classes.
# :meth:`~sklearn_revae.ReVAEClassifier.predict_disagreement` measures only this: it is
# the mutual information between the label and the ensemble member, in nats.

ROUNDS, PER_ROUND = 5, 16


def choose_by_margin(model, unlabeled, rng):
    """Choose the unlabelled samples with the smallest margins."""
    probabilities = np.sort(model.predict_proba(X[unlabeled]), axis=1)
    margins = probabilities[:, -1] - probabilities[:, -2]
    return unlabeled[np.argsort(margins)[:PER_ROUND]]


def choose_by_disagreement(model, unlabeled, rng):
    """Choose the unlabelled samples about which the ensemble members disagree most."""
    disagreement = model.predict_disagreement(X[unlabeled])
    return unlabeled[np.argsort(-disagreement)[:PER_ROUND]]


def choose_at_random(model, unlabeled, rng):
    """Choose unlabelled samples at random."""
    return rng.choice(unlabeled, PER_ROUND, replace=False)


def run_rounds(model, labels, choose, rng):
    """Return the test accuracy after each round, and the final labels."""
    labels = labels.copy()
    model.set_params(warm_start=True, max_iter=10)
    accuracies = [model.score(X_test, y_test)]
    for _ in range(ROUNDS):
        chosen = choose(model, np.flatnonzero(labels == -1), rng)
        labels[chosen] = annotate(chosen)
        model.fit(X, labels)
        accuracies.append(model.score(X_test, y_test))
    return accuracies, labels


# %%
# We run all strategies for three random choices of the first 20 labels.

STRATEGIES = {
    "smallest margin": choose_by_margin,
    "disagreement": choose_by_disagreement,
    "at random": choose_at_random,
}

curves = {name: [] for name in STRATEGIES}
final_labels = {}
for seed in range(3):
    initial_labels = mask_labels(y, n_per_class=2, random_state=seed)
    initial = ReVAEClassifier(random_state=seed)
    initial.fit(X, initial_labels)
    for name, choose in STRATEGIES.items():
        rng = np.random.default_rng(seed)
        curve, final_labels[name] = run_rounds(
            copy.deepcopy(initial), initial_labels, choose, rng
        )
        curves[name].append(curve)

n_labels = 20 + PER_ROUND * np.arange(ROUNDS + 1)
print("test accuracy, mean over three choices of the first labels")
print(f"{'labels':<16}", *[f"{n:>6}" for n in n_labels])
for name, accuracies in curves.items():
    print(f"{name:<16}", *[f"{mean:6.3f}" for mean in np.mean(accuracies, axis=0)])
for name in ("smallest margin", "disagreement"):
    better = np.array(curves[name]) > np.array(curves["at random"])
    print(f"{name}: better than at random", *np.sum(better, axis=0), "times of 3")

# %%
# With 100 labels, either criterion is more accurate on average than random choice. Three
# repetitions on one data set only show a tendency.
#
# Evaluation without a test set
# -----------------------------
# With your own data, these labels are all you have. You can cross-validate on the
# labelled samples with :class:`sklearn_revae.model_selection.LabeledKFold`. However,
# samples that were chosen because they are difficult are not representative, and the
# score on them is too low. Therefore also label some samples at random and compute the
# score only on those.

final = ReVAEClassifier(random_state=0)
print("accuracy with the 100 labels of the last repetition")
print(f"{'':<16}{'cross-validated':>16}{'test set':>11}")
for name, labels in final_labels.items():
    cross_validated = cross_val_score(final, X, labels, cv=LabeledKFold(2)).mean()
    print(f"{name:<16}{cross_validated:>16.3f}{curves[name][-1][-1]:>11.3f}")

# %%
# In the figure, each thin line is one repetition, and the thick lines are the means.

fig, ax = plt.subplots(figsize=(7, 4.2), layout="constrained")
for (name, accuracies), color in zip(
    curves.items(), ["tab:blue", "tab:orange", "tab:gray"], strict=True
):
    ax.plot(n_labels, np.transpose(accuracies), color=color, alpha=0.35, lw=1)
    ax.plot(n_labels, np.mean(accuracies, axis=0), "o-", color=color, lw=2.5, label=name)
ax.set(xlabel="number of labels", ylabel="test accuracy", xticks=n_labels)
ax.set_title("Which samples to label next")
ax.spines[["top", "right"]].set_visible(False)
ax.legend(frameon=False, loc="lower right")

# sphinx_gallery_start_ignore
import sys

if len(sys.argv) > 1:
    fig.savefig(sys.argv[1], dpi=130)
    print(f"wrote {sys.argv[1]}")
else:
    plt.show()
# sphinx_gallery_end_ignore
