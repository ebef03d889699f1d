"""
Several labels with missing entries
===================================

This example predicts fourteen binary labels of yeast genes. Each label stands for a group
of functions; a gene may belong to several groups. Only a fifth of the genes is labelled,
and even for these genes some of the labels are unknown. y is a table in which -1 marks
the unknown labels. The model is trained on every known entry.

The data are part of the package river; install it with
``pip install --no-deps river==0.26.1``.
"""

# %%
# The data
# --------
# We only read the data file; the package itself does not need to be importable. The first
# 103 columns are measurements, the remaining fourteen columns are the labels, 0 or 1.

# sphinx_gallery_start_ignore
import sys
from importlib.util import find_spec

if find_spec("river") is None:
    print("The data are not installed: pip install --no-deps river==0.26.1")
    sys.exit(0)
# sphinx_gallery_end_ignore

from importlib.metadata import distribution

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

package = distribution("river")
genes = pd.read_csv(package.locate_file("river/datasets/yeast.csv.gz"))
X, y = genes.iloc[:, :103].to_numpy(), genes.iloc[:, 103:].to_numpy()
X, X_test, y, y_test = train_test_split(X, y, test_size=0.3, random_state=0)

# %%
# Unknown labels
# --------------
# We first hide all labels of four fifths of the genes. We then hide 30 % of the remaining
# entries at random. After that, the labels of hardly any gene are completely known, so it
# is not an option to drop the genes whose labels are incomplete.

y_few = mask_labels(y, fraction=0.2, random_state=0)
hidden = np.random.default_rng(0).random(y.shape) < 0.3
y_partial = np.where(hidden, -1, y_few)
print(f"y has shape {y_partial.shape}; three of the partly labelled genes:")
for row in y_partial[(y_few >= 0).any(axis=1)][:3]:
    print("  ", *[f"{entry:>2}" for entry in row])
for name, labels in [("all labels of a fifth", y_few), ("30 % hidden", y_partial)]:
    known, n_complete = np.mean(labels >= 0), np.sum((labels >= 0).all(axis=1))
    print(f"{name}: {known:.1%} of all entries known, {n_complete} genes complete")

# %%
# F1 score of each label
# ----------------------
# A single ReVAE model predicts all labels. For comparison, we train one logistic
# regression per label on the genes for which this label is known. The F1 score measures
# how accurately the genes with a given label are found; the macro F1 score is its mean
# over the labels.


def predict_revae(labels):
    """Predict all labels of the test set with one model."""
    return ReVAEClassifier(random_state=0).fit(X, labels).predict(X_test)


def predict_logistic_regression(labels):
    """Predict all labels of the test set with one logistic regression per label."""
    predicted = []
    for label in labels.T:
        known = label >= 0
        model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
        predicted.append(model.fit(X[known], label[known]).predict(X_test))
    return np.column_stack(predicted)


scores = {}
for name, labels in [("all known", y_few), ("30 % hidden", y_partial)]:
    for predict in [predict_revae, predict_logistic_regression]:
        score = f1_score(y_test, predict(labels), average=None, zero_division=0)
        scores[predict.__name__, name] = score

print(f"macro F1 on {len(y_test)} test genes     ReVAE  logistic regression")
for name in ["all known", "30 % hidden"]:
    revae = scores["predict_revae", name].mean()
    logistic = scores["predict_logistic_regression", name].mean()
    print(f"  {name:<24}{revae:>10.3f}{logistic:>21.3f}")

# %%
# The figure shows the labels ordered by frequency. Bars show the scores with 30 % of the
# entries hidden, dots those without. Where a dot lies below its bar, hiding entries did
# no harm that a single train-test split could reveal. Neither method finds the rare
# labels, because hardly any of the labelled genes has them.

order = np.argsort(-y.mean(axis=0))
fig, ax = plt.subplots(figsize=(9, 4.2), layout="constrained")
styles = [
    ("predict_revae", "ReVAEClassifier", "tab:blue", -0.2),
    ("predict_logistic_regression", "LogisticRegression", "tab:gray", 0.2),
]
for predict, label, color, shift in styles:
    positions = np.arange(len(order)) + shift
    ax.bar(
        positions,
        scores[predict, "30 % hidden"][order],
        width=0.38,
        color=color,
        alpha=0.55,
        label=f"{label}, 30 % of the entries hidden",
    )
    ax.plot(
        positions,
        scores[predict, "all known"][order],
        "o",
        color=color,
        label=f"{label}, no entries hidden",
    )
ticks = [f"{k + 1}\n{y[:, k].mean():.0%}" for k in order]
ax.set_xticks(np.arange(len(order)), ticks)
ax.tick_params(axis="x", length=0)
ax.set(xlabel="label and its frequency", ylabel="F1 score on the test set")
ax.set_title("Fourteen labels, a fifth of the training genes labelled")
ax.spines[["top", "right"]].set_visible(False)
ax.legend(frameon=False)

# sphinx_gallery_start_ignore
if len(sys.argv) > 1:
    fig.savefig(sys.argv[1], dpi=130)
    print(f"wrote {sys.argv[1]}")
else:
    plt.show()
# sphinx_gallery_end_ignore
