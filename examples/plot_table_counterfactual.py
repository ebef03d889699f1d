"""
What would make this tumour look benign?
========================================

Thirty measurements of cell nuclei in a DataFrame, the diagnosis known of twenty rows a
class. A malignant row is asked to be benign, within limits on its columns; then the
diagnosis and a label that goes together with it are pulled apart.

These are edits along what the data associates with a label. They tell what a model
reads from the columns; they are no causal effects, and no column here makes a tumour
what it is.
"""

# %%
# The data and the model
# ----------------------
# 120 epochs, about a third of the default's, keep this short.

import sys
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
model = ReVAEClassifier(max_iter=120, random_state=0).fit(X, y_few)
print(f"{len(X)} rows to learn from, {np.sum(y_few != -1)} of them labelled")
print(f"accuracy on {len(X_test)} test rows: {model.score(X_test, y_test):.3f}")

# %%
# The two latents of the label, with the prior of each value.

LatentDisplay.from_estimator(model, X_test, y_test)

# %%
# Without limits
# --------------
# What the decoder draws otherwise of a benign row is added to the row itself, so that
# what it does not draw of this one stays. The twenty columns that change most; some
# concavities fall below zero, which those of no nucleus do.

malignant = X_test[(y_test == "malignant") & (model.predict(X_test) == "malignant")]
one = malignant.iloc[[0]]
free = InterventionDisplay.from_estimator(model, one, "benign")

# %%
# Within limits
# -------------
# Columns of a row may be given: kept as they are, held between bounds, or let go in one
# direction only. Here texture stays, nothing falls below zero, the mean radius stays at
# 13 or more, and areas may only shrink. The report tells what is left of the edit; in
# bold type is what changed.

keep = [column for column in X if "texture" in column]
bounds = {column: (0, None) for column in X if column not in keep}
bounds["mean radius"] = (13, None)
limits = {
    "keep": keep,
    "bounds": bounds,
    "direction": {column: -1 for column in X if column.endswith("area")},
}
limited, report = model.intervene(one, "benign", report=True, **limits)
asked = "diagnosis = benign, within limits"
InterventionDisplay(one, limited, asked=asked, scales=free.scales).plot(max_columns=30)
print(report)

# %%
# The same for all malignant test rows, and what a random forest says of the edits that
# was given all diagnoses and never saw the model.

forest = RandomForestClassifier(random_state=0).fit(table, diagnosis)
for name, options in {"without limits": {}, "within limits": limits}.items():
    edited, report = model.intervene(malignant, "benign", report=True, **options)
    seen = np.mean(forest.predict(edited) == "benign")
    print(
        f"{name}: {len(edited)} rows, benign to the model {report.achieved.mean():.0%}, "
        f"to the forest {seen:.0%}"
    )

# %%
# Two labels that go together
# ---------------------------
# Large nuclei are mostly malignant. A second label tells the larger half of the rows,
# and is known where the diagnosis is. One more model learns both.

median = table["mean radius"].median()
size = pd.Series(np.where(X["mean radius"] > median, "large", "small"), X.index)
both = pd.DataFrame({"diagnosis": y, "size": size})
print(pd.crosstab(both["diagnosis"], both["size"]).to_string())
model_of_both = ReVAEClassifier(max_iter=120, random_state=0)
model_of_both.fit(X, both.where(y_few != -1, -1))

# %%
# Large malignant rows, asked to be benign. Where the diagnosis is the only label, size
# goes with it: that is how the two go in the data. The model of both labels moves the
# latents of one and leaves those of the other, and a joint ``do`` asks for a value of
# each. ``keep`` works on columns: those of size come back exactly as they were measured,
# which leaves the others to look benign around them.

large = malignant[malignant["mean radius"] > median]
of_size = [c for c in X if c.split()[-1] in ("radius", "perimeter", "area")]
benign = {"diagnosis": "benign"}
edits = {
    "as they are": large,
    "one label: benign": model.intervene(large, benign),
    "both: benign": model_of_both.intervene(large, benign),
    "both: benign, large": model_of_both.intervene(large, {**benign, "size": "large"}),
    "both: benign, small": model_of_both.intervene(large, {**benign, "size": "small"}),
    "both: benign, keep": model_of_both.intervene(large, benign, keep=of_size),
}
print(f"{len(large)} rows; mean radius before and after, share above the median, and")
print("share that the forest, which has no part in this, takes for benign:")
for name, rows in edits.items():
    radius, seen = rows["mean radius"], np.mean(forest.predict(rows) == "benign")
    print(f"  {name:<20}{radius.mean():6.1f}{np.mean(radius > median):8.0%}{seen:8.0%}")

# %%
# What the model of both labels changes where the diagnosis alone is asked for.

asked = "diagnosis = benign, model of both labels"
new = edits["both: benign"]
InterventionDisplay(large, new, asked=asked, scales=free.scales).plot(max_columns=12)

# sphinx_gallery_start_ignore
if len(sys.argv) > 1:
    path = Path(sys.argv[1])
    for number in plt.get_fignums():
        plt.figure(number).savefig(path.with_stem(f"{path.stem}_{number}"), dpi=130)
    print(f"wrote {path.stem}_1{path.suffix} and on")
else:
    plt.show()
# sphinx_gallery_end_ignore
