"""Show the characteristic latent space of a model of wines, and its loss curve."""

import matplotlib.pyplot as plt
from sklearn.datasets import load_wine

from sklearn_revae import ReVAEClassifier
from sklearn_revae.datasets import mask_labels
from sklearn_revae.inspection import LatentDisplay, LossCurveDisplay

wines = load_wine()
y_few = mask_labels(wines.target, n_per_class=10, random_state=0)
model = ReVAEClassifier((64,), label_dim=2, max_iter=200, random_state=0)
model.fit(wines.data, y_few)

fig, (left, right) = plt.subplots(
    1, 2, figsize=(9, 4.2), width_ratios=[1.2, 1], layout="constrained"
)
LatentDisplay.from_estimator(model, wines.data, y_few, ax=left)
left.set_title("Characteristic latent codes, with p(z|y) of each class")
LossCurveDisplay.from_estimator(model, ax=right)
right.set_title("Loss curve")
