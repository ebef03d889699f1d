"""Numbers among the arguments of methods, checked as scikit-learn checks parameters."""

from numbers import Integral, Real

import numpy as np
from sklearn.utils._param_validation import Interval


class Number(Interval):
    """Interval that does not contain bools, which Python counts among the integers.

    Use it with scikit-learn's `validate_parameter_constraints`. Its message names the
    argument, what the argument must be, and the value.
    """

    def is_satisfied_by(self, val):
        """Whether `val` is a number of the interval."""
        if isinstance(val, (bool, np.bool_)) or not isinstance(val, self.type):
            return False
        # Interval cannot compare fractions.
        return super().is_satisfied_by(val if isinstance(val, Integral) else float(val))


AT_LEAST_ZERO = Number(Real, 0, None, closed="left")
AT_LEAST_ONE = Number(Integral, 1, None, closed="left")
AT_LEAST_TWO = Number(Integral, 2, None, closed="left")
