"""Semi-supervised variational autoencoders behind scikit-learn's interface."""

from sklearn_revae._classifier import ReVAEClassifier
from sklearn_revae._transformer import ReVAETransformer
from sklearn_revae._version import __version__

__all__ = ["ReVAEClassifier", "ReVAETransformer", "__version__"]
