"""What all families have in common, and how they are found by name."""

import math
from dataclasses import dataclass

from torch import nn


@dataclass(frozen=True, slots=True)
class Column:
    """What the model must know about a column.

    Parameters
    ----------
    family : str
        A key of :data:`FAMILIES`.
    n_levels : int, default=0
        Number of values of a categorical or ordinal column.
    mean_count, spread : float
        For a count: its mean, and the standard deviation of log(1 + x).
    edges : tuple of float, default=()
        Edges of the bins of :class:`~sklearn_revae._model.encoding.PiecewiseLinear`,
        scaled; empty if the column has none.
    """

    family: str
    n_levels: int = 0
    mean_count: float = 1.0
    spread: float = 1.0
    edges: tuple = ()


# Every family by the name that the parameter `likelihood` gives it.
FAMILIES: dict[str, type["Family"]] = {}


def families_of(support):
    """Names of the families with this support, a tuple."""
    return tuple(name for name, cls in FAMILIES.items() if cls.support == support)


def default_families():
    """The family that likelihood="auto" chooses for each kind of feature, a dict."""
    # vars() leaves out what a class inherits: only one class is the default for a kind.
    defaults = {}
    for name, cls in FAMILIES.items():
        kinds = vars(cls).get("default_for") or ()
        kinds = (kinds,) if isinstance(kinds, str) else kinds
        defaults |= dict.fromkeys(kinds, name)
    return defaults


def inverse_softplus(value):
    """Return the number whose softplus is `value`."""
    return math.log(math.expm1(value))


class Family(nn.Module):
    """Base class: the encoder reads one number per value, the decoder returns one.

    A family connects three representations of its columns: the values `x`, of shape
    (..., n_columns), whose likelihood it gives; the `features` that the encoder reads, of
    shape (..., n_columns, n_inputs); and the `output` of the decoder, of shape
    (..., n_columns, n_outputs). Values are never missing here:
    :class:`~sklearn_revae._model.likelihoods.ProductLikelihood` fills in missing values
    and masks their terms.

    Parameters
    ----------
    columns : sequence of Column
        Columns of this family, all with the same number of levels.

    Attributes
    ----------
    name : str or None
        What the parameter `likelihood` calls the family; None for a base class.
    support : {"real", "positive", "interval", "count", "level"}
        The values that it is a distribution of. It decides the scaling: real values are
        centred, divided by a robust standard deviation and smoothly clipped, positive
        values likewise after the logarithm, intervals are mapped to [0, 1], counts and
        levels are not scaled.
    kind : str or None
        The kind of a column that was given this family; None keeps the inferred kind.
    default_for : str, tuple of str or None
        The kind, or the kinds, of column that likelihood="auto" gives this family.
    shared_scale : bool
        Whether all columns of the family have one common scale and one common noise.
    has_density : bool
        Whether `log_prob` is a log-density, which depends on the unit of the values, and
        not a log-probability.
    discrete : bool
        Whether the values are levels, to which no small noise can be added.
    scaled_family : str or None
        The family of the scaled values, where it is another one.
    n_inputs, n_outputs : int
        How many numbers the encoder reads, and the decoder returns, for each value.
    filler : float
        Replaces missing values while a term is computed that is then masked.
    """

    name: str | None = None
    support = "real"
    kind: str | None = None
    default_for: str | tuple[str, ...] | None = None
    shared_scale = False
    has_density = True
    discrete = False
    scaled_family: str | None = None
    n_inputs = n_outputs = 1
    filler = 0.0

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        if "name" in vars(cls):
            FAMILIES[cls.name] = cls

    def __init__(self, columns):
        super().__init__()

    def features(self, x):
        """What the encoder reads of values: (..., n) -> (..., n, n_inputs)."""
        return x[..., None]

    def expected_features(self, output):
        """What the encoder reads of a decoded row; differentiable."""
        return self.features(self.mean(output))

    def mean(self, output):
        """The expected value, or the most likely one of a level: (..., n)."""
        return output.squeeze(-1)

    def expectation(self, output):
        """What the members of an ensemble average: (..., n, any width)."""
        return self.mean(output)[..., None]

    def value(self, expectation):
        """The value that an average of :meth:`expectation` stands for: (..., n)."""
        return expectation[..., 0]

    def edited(self, x, before, after):
        """Values before and after an edit of values x (n_rows, n), whose change counts.

        `before` and `after` are averages of :meth:`expectation`, (..., n_rows, n, width).
        The values can be broadcast to (..., n_rows, n).
        """
        return self.value(before), self.value(after)

    def log_prob(self, output, x):
        """Log-density or log-probability of every value: (..., n)."""
        raise NotImplementedError

    def sample(self, output, generator):
        """One draw of every value: (..., n)."""
        raise NotImplementedError
