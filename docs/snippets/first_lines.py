import numpy as np
from sklearn.datasets import load_digits

from sklearn_revae import ReVAEClassifier

X, y = load_digits(return_X_y=True)
y_few = np.where(np.arange(len(y)) % 30 == 0, y, -1)  # -1: unlabelled
model = ReVAEClassifier(random_state=0).fit(X, y_few)
hidden = y_few == -1
print(model.score(X[hidden], y[hidden]))  # accuracy on hidden labels
eights = model.intervene(X[:5], 8)  # edit five digits into eights
