"""Warnings that point at the user's line."""

import sys
import warnings

# The warning points at the first line outside of these packages.
_LIBRARIES = ("sklearn_revae", "sklearn", "torch", "skorch", "joblib", "contextlib")


def warn_user(message, category=UserWarning):
    """Warn at the first line outside of the libraries."""
    level, frame = 1, sys._getframe()
    while frame and frame.f_globals.get("__name__", "").split(".")[0] in _LIBRARIES:
        level, frame = level + 1, frame.f_back
    warnings.warn(message, category, stacklevel=level)
