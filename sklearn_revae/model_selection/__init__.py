"""Splitters, scorers and wrappers for partially labelled data."""

from sklearn_revae.model_selection._k_fold import LabeledKFold
from sklearn_revae.model_selection._labeled_only import LabeledOnly
from sklearn_revae.model_selection._scorer import labeled_scorer
from sklearn_revae.model_selection._shuffle_split import LabeledShuffleSplit
from sklearn_revae.model_selection._with_unlabeled import WithUnlabeled

__all__ = [
    "LabeledKFold",
    "LabeledOnly",
    "LabeledShuffleSplit",
    "WithUnlabeled",
    "labeled_scorer",
]
