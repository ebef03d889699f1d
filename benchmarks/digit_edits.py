"""Success of edits on digits, and label leakage into the style dimensions.

Run ``python benchmarks/digit_edits.py``. Each of the 1797 digits is edited to every
digit. The success of an edit is judged by the model itself and by a random forest trained
on all original digits. The model is trained with 10 labels per class and with all labels;
with default parameters, and without the edit-consistency loss.
"""

import numpy as np
from sklearn.datasets import load_digits
from sklearn.ensemble import RandomForestClassifier

from sklearn_revae import ReVAEClassifier, label_leakage
from sklearn_revae.datasets import mask_labels

VARIANTS = {
    "default": {},
    "residual=False": {},
    "strength=1": {},
    "edit_weight=30": {"edit_weight": 30.0},
}
# Arguments of `intervene`, by variant.
OPTIONS = {"residual=False": {"residual": False}, "strength=1": {"strength": 1}}


def success_rates(judge, model, X, **options):
    """Return the fraction of edits to each digit that the judge recognises."""
    return [
        np.mean(judge.predict(model.intervene(X, digit, **options)) == digit)
        for digit in range(10)
    ]


def report(title, X, y, y_few, forest):
    """Print one line for each variant."""
    fits = {}
    for name, changes in VARIANTS.items():
        key = str(changes)
        if key not in fits:
            fits[key] = ReVAEClassifier(random_state=0, **changes).fit(X, y_few)
        model = fits[key]
        options = OPTIONS.get(name, {})
        by_model = success_rates(model, model, X, **options)
        by_forest = success_rates(forest, model, X, **options)
        leakage = label_leakage(model, X, y, random_state=0)["style"].iloc[0]
        error = np.sqrt(np.mean((model.reconstruct(X) - X) ** 2))
        print(
            f"{title:<14}{name:<25}accuracy {model.score(X, y):.3f}  "
            f"own {np.mean(by_model):.3f} (worst {min(by_model):.3f})  "
            f"forest {np.mean(by_forest):.3f} (worst {min(by_forest):.3f})  "
            f"style leakage {leakage:.3f} (chance 0.100)  "
            f"reconstruction error {error:.2f}",
            flush=True,
        )


def main():
    """Run all variants with few labels, then with all labels."""
    X, y = load_digits(return_X_y=True)
    forest = RandomForestClassifier(300, random_state=0).fit(X, y)
    report("10 per class", X, y, mask_labels(y, 10, random_state=0), forest)
    report("all labels", X, y, y, forest)


if __name__ == "__main__":
    main()
