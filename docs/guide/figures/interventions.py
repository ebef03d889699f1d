"""Show digits before and after an intervention, and the difference."""

import numpy as np
from digits_model import X_test, model, y_test

from sklearn_revae.inspection import InterventionDisplay

samples = X_test[[np.flatnonzero(y_test == digit)[3] for digit in (0, 2, 4, 5, 7)]]
InterventionDisplay.from_estimator(model, samples, 9, cmap="gray_r")
