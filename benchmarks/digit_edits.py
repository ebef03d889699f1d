"""Every digit asked to be every digit: who sees what was asked, and what the style tells.

Run ``python benchmarks/digit_edits.py``. The 1797 digits with 10 labels a class, and with
all of them; default parameters, without the term that trains edits, and with the penalty
on what the style tells of the label. A random forest trained on all real digits is the
judge beside the model itself.
"""

import numpy as np
from sklearn.datasets import load_digits
from sklearn.ensemble import RandomForestClassifier

from sklearn_revae import ReVAEClassifier, label_leakage
from sklearn_revae.datasets import mask_labels

VARIANTS = {
    "default": {},
    "residual=False": {},
    "edit_weight=0": {"edit_weight": 0.0},
    "independence_weight=6.4": {"independence_weight": 6.4},
}


def shares(judge, model, X, **how):
    """Share of the edits to each digit that the judge sees as asked: (10,)."""
    return [np.mean(judge.predict(model.intervene(X, v, **how)) == v) for v in range(10)]


def report(title, X, y, few, forest):
    """Print a line for each variant."""
    fits = {}
    for name, changes in VARIANTS.items():
        key = str(changes)
        if key not in fits:
            fits[key] = ReVAEClassifier(random_state=0, **changes).fit(X, few)
        model = fits[key]
        how = {"residual": False} if name == "residual=False" else {}
        own, seen = shares(model, model, X, **how), shares(forest, model, X, **how)
        told = label_leakage(model, X, y, random_state=0)["style"].iloc[0]
        error = np.sqrt(np.mean((model.reconstruct(X) - X) ** 2))
        print(
            f"{title:<14}{name:<25}accuracy {model.score(X, y):.3f}  "
            f"own {np.mean(own):.3f} (least {min(own):.3f})  "
            f"forest {np.mean(seen):.3f} (least {min(seen):.3f})  "
            f"style tells {told:.3f} (chance 0.100)  rebuilt {error:.2f}",
            flush=True,
        )


def main():
    """Few labels, then all."""
    X, y = load_digits(return_X_y=True)
    forest = RandomForestClassifier(300, random_state=0).fit(X, y)
    report("10 a class", X, y, mask_labels(y, 10, random_state=0), forest)
    report("all labels", X, y, y, forest)


if __name__ == "__main__":
    main()
