"""Semi-supervised variational autoencoders behind scikit-learn's interface."""

from sklearn_revae._classifier import ReVAEClassifier
from sklearn_revae._data.column_kinds import ColumnKinds
from sklearn_revae._data.soft_labels import soft_labels
from sklearn_revae._imputer import ReVAEImputer
from sklearn_revae._interventions.judging import intervention_report
from sklearn_revae._interventions.pipeline import intervene, swap, traverse
from sklearn_revae._interventions.report import InterventionReport
from sklearn_revae._regressor import ReVAERegressor
from sklearn_revae._training.checkpoint import Checkpoint
from sklearn_revae._training.parallel import DataParallel
from sklearn_revae._transformer import ReVAETransformer
from sklearn_revae._version import __version__
from sklearn_revae.inspection._leakage import label_leakage

__all__ = [
    "Checkpoint",
    "ColumnKinds",
    "DataParallel",
    "InterventionReport",
    "ReVAEClassifier",
    "ReVAEImputer",
    "ReVAERegressor",
    "ReVAETransformer",
    "__version__",
    "intervene",
    "intervention_report",
    "label_leakage",
    "soft_labels",
    "swap",
    "traverse",
]
