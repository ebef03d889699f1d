"""Displays of what a fitted model has learned and how it edits samples, in matplotlib."""

from sklearn_revae.inspection._intervention import InterventionDisplay
from sklearn_revae.inspection._latent import LatentDisplay
from sklearn_revae.inspection._loss_curve import LossCurveDisplay
from sklearn_revae.inspection._report import InterventionReportDisplay
from sklearn_revae.inspection._samples import SamplesDisplay
from sklearn_revae.inspection._swap import SwapDisplay
from sklearn_revae.inspection._traversal import TraversalDisplay

__all__ = [
    "InterventionDisplay",
    "InterventionReportDisplay",
    "LatentDisplay",
    "LossCurveDisplay",
    "SamplesDisplay",
    "SwapDisplay",
    "TraversalDisplay",
]
