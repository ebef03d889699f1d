"""Interpolate four digits along the latent direction from 3 to 8."""

import numpy as np
from digits_model import X_test, model, y_test

from sklearn_revae.inspection import TraversalDisplay

threes = X_test[np.flatnonzero(y_test == 3)[:4]]
display = TraversalDisplay.from_estimator(model, threes, values=(3, 8), span=1.0, steps=9)
