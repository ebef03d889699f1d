"""Train one model on digits with 20 labels per class; several figures import it."""

import pandas as pd
from sklearn.datasets import load_digits

from sklearn_revae import ReVAEClassifier
from sklearn_revae.datasets import mask_labels

digits = load_digits()
X, X_test = digits.images[:1200] / 16, digits.images[1200:] / 16
y, y_test = pd.Series(digits.target[:1200], name="digit"), digits.target[1200:]
y_few = mask_labels(y, n_per_class=20, random_state=0)
model = ReVAEClassifier(max_iter=50, batch_size=100, random_state=0).fit(X, y_few)
