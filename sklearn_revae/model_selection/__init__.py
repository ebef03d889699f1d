"""Splitters, scorers, wrappers and curves for partially labelled data."""

from sklearn_revae.model_selection._k_fold import LabeledKFold
from sklearn_revae.model_selection._label_learning_curve import label_learning_curve
from sklearn_revae.model_selection._labeled_only import LabeledOnly
from sklearn_revae.model_selection._learning_curve_display import (
    LabelLearningCurveDisplay,
)
from sklearn_revae.model_selection._scorer import labeled_scorer
from sklearn_revae.model_selection._shuffle_split import LabeledShuffleSplit
from sklearn_revae.model_selection._unlabeled_gain import unlabeled_gain
from sklearn_revae.model_selection._unlabeled_gain_display import UnlabeledGainDisplay
from sklearn_revae.model_selection._with_unlabeled import WithUnlabeled

__all__ = [
    "LabelLearningCurveDisplay",
    "LabeledKFold",
    "LabeledOnly",
    "LabeledShuffleSplit",
    "UnlabeledGainDisplay",
    "WithUnlabeled",
    "label_learning_curve",
    "labeled_scorer",
    "unlabeled_gain",
]
