"""Interpolate four digits along the latent direction from 4 to 9."""

import numpy as np
from digits_model import X_test, model, y_test

from sklearn_revae.inspection import TraversalDisplay

fours = X_test[np.flatnonzero(y_test == 4)[:4]]
TraversalDisplay.from_estimator(
    model, fours, values=(4, 9), span=1.0, steps=9, cmap="gray_r"
)
