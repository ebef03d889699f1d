"""Families of distributions p(x_j|z) of a single feature, one class for each.

To add a family, add its class to the module of the values that it is a distribution of.
:data:`FAMILIES` then finds it by its name.
"""

from sklearn_revae._model.families.base import (
    FAMILIES,
    Column,
    Family,
    default_families,
    families_of,
)
from sklearn_revae._model.families.count import (
    MANY_COUNTS,
    Count,
    NegativeBinomial,
    Poisson,
)
from sklearn_revae._model.families.interval import Bernoulli, Beta, ContinuousBernoulli
from sklearn_revae._model.families.level import Categorical, Levels, Ordinal
from sklearn_revae._model.families.real import (
    MIN_NOISE_SCALE,
    Gaussian,
    Laplace,
    LearnedNoise,
    LogNormal,
    SharedGaussian,
    StudentT,
)

__all__ = [
    "FAMILIES",
    "MANY_COUNTS",
    "MIN_NOISE_SCALE",
    "Bernoulli",
    "Beta",
    "Categorical",
    "Column",
    "ContinuousBernoulli",
    "Count",
    "Family",
    "Gaussian",
    "Laplace",
    "LearnedNoise",
    "Levels",
    "LogNormal",
    "NegativeBinomial",
    "Ordinal",
    "Poisson",
    "SharedGaussian",
    "StudentT",
    "default_families",
    "families_of",
]
