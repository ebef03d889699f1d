"""Cross-validation splitters and scorers for partially labelled data."""

from sklearn_revae.model_selection._scorer import labeled_scorer
from sklearn_revae.model_selection._split import LabeledKFold

__all__ = ["LabeledKFold", "labeled_scorer"]
