"""A page with a slider for each label: choose a row, move its labels, see it change."""

from sklearn_revae.demo._avatars import load_avatars
from sklearn_revae.demo._explore import explore
from sklearn_revae.demo._launch import launch

__all__ = ["explore", "launch", "load_avatars"]
