"""
Counterfactuals for a table, with constraints
=============================================

This example uses a DataFrame with thirty measurements of cell nuclei, in which the
diagnosis is known for twenty samples per class. It edits the measurements of a malignant
tumour so that they look benign, first without and then with constraints on individual
features. The second part edits the diagnosis independently of a second, correlated label.

The edits follow associations in the data. They show which features the model uses to
distinguish the classes. They are not causal effects: none of these measurements makes a
tumour benign or malignant.
"""

# %%
# The data and the model
# ----------------------
# Twenty samples per class are labelled; -1 marks the others.

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import train_test_split

from sklearn_revae import ReVAEClassifier
from sklearn_revae.datasets import mask_labels
from sklearn_revae.inspection import InterventionDisplay, LatentDisplay

data = load_breast_cancer(as_frame=True)
table = data.data
diagnosis = data.target.map(dict(enumerate(data.target_names))).rename("diagnosis")
X, X_test, y, y_test = train_test_split(
    table, diagnosis, test_size=0.3, stratify=diagnosis, random_state=0
)
y_few = mask_labels(y, n_per_class=20, random_state=0)
model = ReVAEClassifier(random_state=0).fit(X, y_few)
print(f"{len(X)} training samples, {np.sum(y_few != -1)} of them labelled")
print(f"accuracy on {len(X_test)} test samples: {model.score(X_test, y_test):.3f}")

# %%
# The figure shows the label's two-dimensional latent code, with the prior of each class.

LatentDisplay.from_estimator(model, X_test, y_test)

# %%
# Without constraints
# -------------------
# The difference between the decoded benign and the decoded malignant sample is added to
# the sample itself, so details that the decoder does not reconstruct are preserved. The
# figure shows the twenty features that change most. Features that are never negative in
# the training data do not become negative; some concavities become zero.

malignant = X_test[(y_test == "malignant") & (model.predict(X_test) == "malignant")]
sample = malignant.iloc[[0]]
# sphinx_gallery_thumbnail_number = 2
unconstrained = InterventionDisplay.from_estimator(model, sample, "benign")

# %%
# With constraints
# ----------------
# Features can be kept unchanged, restricted to a range, or allowed to change in one
# direction only. Here the texture features are kept, the mean radius must not fall below
# 13, and the areas may only decrease. The report shows
# whether the edit still succeeds under these constraints. In the figure, features that
# changed are printed in bold.

keep = [column for column in X if "texture" in column]
constraints = {
    "keep": keep,
    "bounds": {"mean radius": (13, None)},
    "direction": {column: -1 for column in X if column.endswith("area")},
}
constrained, report = model.intervene(sample, "benign", report=True, **constraints)
InterventionDisplay(
    sample,
    constrained,
    requested="diagnosis = benign, with constraints",
    scales=unconstrained.scales,
).plot(max_columns=30)
print(report)

# %%
# We now edit all malignant test samples. A random forest trained on all samples and
# diagnoses is independent of the model and serves as a stricter test of the edits.

forest = RandomForestClassifier(random_state=0).fit(table, diagnosis)
for name, options in {"unconstrained": {}, "constrained": constraints}.items():
    edited, report = model.intervene(malignant, "benign", report=True, **options)
    by_forest = np.mean(forest.predict(edited) == "benign")
    print(
        f"{name}: {len(edited)} edits; predicted to be benign by the model "
        f"{report.achieved.mean():.0%}, by the forest {by_forest:.0%}"
    )

# %%
# Two correlated labels
# ---------------------
# Tumours with large nuclei are mostly malignant. We define a second label, which is
# "large" for the half of the samples with the larger nuclei, and which is known for the
# same samples as the diagnosis. A second model is trained on both labels.

median = table["mean radius"].median()
size = pd.Series(np.where(X["mean radius"] > median, "large", "small"), X.index)
both = pd.DataFrame({"diagnosis": y, "size": size})
print(pd.crosstab(both["diagnosis"], both["size"]).to_string())
model_of_both = ReVAEClassifier(random_state=0)
_ = model_of_both.fit(X, both.where(y_few != -1, -1))

# %%
# We set the diagnosis of large malignant samples to benign. With the model of the
# diagnosis only, the size changes too, because both are correlated in the data. The model
# of both labels changes only the latent code of the diagnosis and leaves that of the size
# as it is. It also allows setting both labels at once. In contrast, ``keep`` refers to
# features: the size features keep their measured values exactly, and only the others can
# change.

large = malignant[malignant["mean radius"] > median]
size_features = [c for c in X if c.split()[-1] in ("radius", "perimeter", "area")]
do = {"diagnosis": "benign"}
edits = {
    "unedited": large,
    "diagnosis only: benign": model.intervene(large, do),
    "both labels: benign": model_of_both.intervene(large, do),
    "both labels: benign, large": model_of_both.intervene(large, {**do, "size": "large"}),
    "both labels: benign, small": model_of_both.intervene(large, {**do, "size": "small"}),
    "both labels: benign, keep": model_of_both.intervene(large, do, keep=size_features),
}
print(f"{len(large)} samples; benign: fraction predicted to be benign by the forest")
print(f"  {'':<28}{'mean radius':>11}{'above median':>14}{'benign':>8}")
for name, edited in edits.items():
    radius, benign = edited["mean radius"], np.mean(forest.predict(edited) == "benign")
    above = np.mean(radius > median)
    print(f"  {name:<28}{radius.mean():>11.1f}{above:>14.0%}{benign:>8.0%}")

# %%
# The figure shows the changes that the model of both labels makes when only the diagnosis
# is set.

InterventionDisplay(
    large,
    edits["both labels: benign"],
    requested="diagnosis = benign, model of both labels",
    scales=unconstrained.scales,
).plot(max_columns=12)

# sphinx_gallery_start_ignore
import sys

if len(sys.argv) > 1:
    path = Path(sys.argv[1])
    for number in plt.get_fignums():
        plt.figure(number).savefig(path.with_stem(f"{path.stem}_{number}"), dpi=130)
    print(f"wrote {len(plt.get_fignums())} figures: {path.stem}_*{path.suffix}")
else:
    plt.show()
# sphinx_gallery_end_ignore
