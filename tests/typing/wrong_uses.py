"""Wrong uses, each with the error that mypy must report.

The script is never run. mypy ignores the given error in each line, and reports lines
without an error to ignore. It therefore passes only if it finds every error.
"""

import numpy as np

from sklearn_revae import ReVAEClassifier, intervene, swap, traverse
from sklearn_revae.datasets import fetch_fashion_mnist, make_avatars, mask_labels
from sklearn_revae.inspection import LossCurveDisplay
from sklearn_revae.persistence import load, save

X, y = np.zeros((4, 2)), np.array([0, 1, 0, 1])

ReVAEClassifier(hidden_layers=(16,))  # type: ignore[call-arg]
ReVAEClassifier((16,), 4)  # type: ignore[call-arg]
ReVAEClassifier(max_iter="many")  # type: ignore[arg-type]
ReVAEClassifier(n_members="many")  # type: ignore[arg-type]
ReVAEClassifier(class_weight="heavy")  # type: ignore[arg-type]
model = ReVAEClassifier().fit(X, y)
ReVAEClassifier().fit(X)  # type: ignore[call-arg]
model.predict(None)  # type: ignore[arg-type]
model.score(X)  # type: ignore[call-arg]
model.intervene(X)  # type: ignore[call-overload]
model.intervene(X, 1, method="transprt")  # type: ignore[call-overload]
print(model.intervene(X, 1, report=True).shape)  # type: ignore[attr-defined]
model.intervene(X, 1).summary()  # type: ignore[attr-defined]
model.intervene({"a": [1.0], "b": [2.0]}, 1)  # type: ignore[dict-item]
model.swap(X)  # type: ignore[call-overload]
model.traverse(X, 0, steps=2.5)  # type: ignore[arg-type]
model.n_iter_.append(1)  # type: ignore[attr-defined]
intervene(model, X, 1, strengh=0.5)  # type: ignore[call-overload]
intervene(model, X)  # type: ignore[call-overload]
print(intervene(model, X, 1, report=True).shape)  # type: ignore[attr-defined]
traverse(model, X, 0, steps=2.5)  # type: ignore[arg-type]
swap(model, X, X, residual="yes")  # type: ignore[call-overload]
save(model)  # type: ignore[call-arg]
load(3)  # type: ignore[arg-type]
mask_labels(y, n_per_class="ten")  # type: ignore[call-overload]
print(make_avatars(return_X_y=True).images)  # type: ignore[attr-defined]
fetch_fashion_mnist(subset="valid")  # type: ignore[call-overload]
LossCurveDisplay.from_estimator()  # type: ignore[call-arg]
