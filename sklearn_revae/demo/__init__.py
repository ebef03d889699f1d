"""Interactive demo: pick a sample, move a slider for each label, and see it change."""

from sklearn_revae.demo._avatars import load_avatars
from sklearn_revae.demo._explore import explore
from sklearn_revae.demo._export import export_html
from sklearn_revae.demo._launch import launch

__all__ = ["explore", "export_html", "launch", "load_avatars"]
