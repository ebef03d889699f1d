"""Families of distributions p(x_j | z) of a single feature: one class for each.

A family connects three representations of its columns: the values `x` (..., n_columns)
whose likelihood it gives, the `features` (..., n_columns, n_inputs) that the encoder
reads, and the decoder's `output` (..., n_columns, n_outputs). Values are never missing
here: :class:`~sklearn_revae._model.likelihoods.ProductLikelihood` fills missing values in
and masks them.

A class states everything that other modules need to know about its family: its name, the
values it is a distribution of, the kind of column it models, and how it is scaled. To add
a family is to add its class: :data:`FAMILIES` finds it by its name.
"""

import math
from dataclasses import dataclass

import torch
from torch import distributions, nn
from torch.nn import functional as F

from sklearn_revae._model.draws import normal, uniform

# Values arrive scaled to about unit variance: below this share of it, a learned
# noise would chase columns that are constant or copied until gradients explode.
MIN_NOISE_SCALE = 0.03
_START_NOISE_SCALE = 0.5
# A rate may leave the column's mean by this factor either way, exp(8) = 3,000.
_MAX_LOG_RATIO = 8.0
# Where a row holds so many counts, their total says how much was counted, not what.
MANY_COUNTS = 50
# Beta densities are infinite at the ends, where data may well lie.
EDGE = 1e-3


@dataclass(frozen=True, slots=True)
class Column:
    """What the model must know of a column.

    Parameters
    ----------
    family : str
        A key of :data:`FAMILIES`.
    n_levels : int, default=0
        Number of values of a categorical or ordinal column.
    mean_count, spread : float
        For a count: its mean, and the standard deviation of log(1 + x).
    """

    family: str
    n_levels: int = 0
    mean_count: float = 1.0
    spread: float = 1.0


# Every family by the name that the parameter `likelihood` knows it by.
FAMILIES: dict[str, type["Family"]] = {}


def families_of(support):
    """Names of the families with this support, a tuple."""
    return tuple(name for name, cls in FAMILIES.items() if cls.support == support)


def default_families():
    """The family that likelihood="auto" chooses for each kind of feature, a dict."""
    # A subclass does not inherit what its base is the default for.
    defaults = {vars(cls).get("default_for"): name for name, cls in FAMILIES.items()}
    defaults.pop(None, None)
    return defaults


def many_counts(columns):
    """Whether most of at least :data:`MANY_COUNTS` features are counts (words, genes)."""
    n_counts = sum(FAMILIES[column.family].support == "count" for column in columns)
    return n_counts >= MANY_COUNTS and 2 * n_counts >= len(columns)


def _inverse_softplus(value):
    return math.log(math.expm1(value))


class Family(nn.Module):
    """Base class: the encoder reads one number per value, the decoder returns one.

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
        centred and divided by their standard deviation, positive values likewise after
        the logarithm, intervals are mapped to [0, 1], counts and levels are not scaled.
    kind : str or None
        The kind of a column that was given this family; None keeps the inferred kind.
    default_for : str or None
        The kind of column that likelihood="auto" gives this family.
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
    default_for: str | None = None
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
        """Expected value, or where there is none the likeliest: (..., n)."""
        return output[..., 0]

    def log_prob(self, output, x):
        """Log-density or log-probability of every value: (..., n)."""
        raise NotImplementedError

    def sample(self, output, generator):
        """One draw for every value: (..., n)."""
        raise NotImplementedError


def _uniform(like, generator):
    """Uniform draws in the open interval (0, 1), of the shape of `like`."""
    draws = uniform(like.shape, like, generator)
    tiny = torch.finfo(like.dtype).eps
    return draws.clamp(tiny, 1 - tiny)


def _gamma(shape, generator):
    """Gamma(shape, 1) draws by Marsaglia and Tsang's rejection, from `generator`.

    torch draws them from its global generator alone.
    """
    boosted = torch.where(shape < 1, shape + 1, shape)
    d = boosted - 1 / 3
    c = 1 / (3 * d.sqrt())
    result = torch.zeros_like(shape)
    waiting = torch.ones_like(shape, dtype=torch.bool)
    while waiting.any():
        drawn = normal(shape.shape, shape, generator)
        v = (1 + c * drawn).pow(3)
        log_uniform = _uniform(shape, generator).log()
        safe = v.clamp(min=1e-30)
        accepted = (v > 0) & (
            log_uniform < 0.5 * drawn.square() + d * (1 - v + safe.log())
        )
        result = torch.where(waiting & accepted, d * v, result)
        waiting = waiting & ~accepted
    shrunk = result * _uniform(shape, generator).pow(1 / shape)
    return torch.where(shape < 1, shrunk, result)


def _poisson(rate, generator):
    return torch.poisson(rate.cpu(), generator=_on_cpu(generator)).to(rate)


def _on_cpu(generator):
    """`generator`, or one of the CPU seeded by it: Poisson draws exist there alone."""
    if generator.device.type == "cpu":
        return generator
    seed = torch.randint(2**62, (1,), generator=generator, device=generator.device)
    return torch.Generator().manual_seed(int(seed))


class Bernoulli(Family):
    """Values in [0, 1]; for values between, the usual cross-entropy bound."""

    name = "bernoulli"
    support = "interval"
    default_for = "binary"
    has_density = False

    def log_prob(self, output, x):
        return -F.binary_cross_entropy_with_logits(
            output[..., 0], x.expand_as(output[..., 0]), reduction="none"
        )

    def mean(self, output):
        return torch.sigmoid(output[..., 0])

    def sample(self, output, generator):
        mean = self.mean(output)
        return (_uniform(mean, generator) < mean).to(mean)


class ContinuousBernoulli(Bernoulli):
    """Values in [0, 1], normalised: a density where the plain Bernoulli is none."""

    name = "continuous_bernoulli"
    kind = "bounded"
    has_density = True

    def log_prob(self, output, x):
        return self._distribution(output).log_prob(x)

    def mean(self, output):
        return self._distribution(output).mean

    def sample(self, output, generator):
        return self._distribution(output).icdf(_uniform(output[..., 0], generator))

    def _distribution(self, output):
        return distributions.ContinuousBernoulli(
            logits=output[..., 0], validate_args=False
        )


class Beta(Family):
    """Values within (0, 1) around the decoded mean, of learned concentration."""

    name = "beta"
    support = "interval"
    kind = "bounded"

    filler = 0.5

    def __init__(self, columns):
        super().__init__(columns)
        start = torch.full((len(columns),), _inverse_softplus(5.0))
        self.raw_concentration = nn.Parameter(start)

    def _shapes(self, output):
        mean = self.mean(output).clamp(EDGE, 1 - EDGE)
        concentration = F.softplus(self.raw_concentration) + 0.1
        return mean * concentration, (1 - mean) * concentration

    def mean(self, output):
        return torch.sigmoid(output[..., 0])

    def log_prob(self, output, x):
        a, b = self._shapes(output)
        return distributions.Beta(a, b, validate_args=False).log_prob(
            x.clamp(EDGE, 1 - EDGE)
        )

    def sample(self, output, generator):
        first, second = (_gamma(shape, generator) for shape in self._shapes(output))
        return first / (first + second)


class _LearnedNoise(Family):
    """A location family around the decoder's output, with a learned scale a column."""

    def __init__(self, columns):
        super().__init__(columns)
        start = _inverse_softplus(_START_NOISE_SCALE - MIN_NOISE_SCALE)
        n_scales = 1 if self.shared_scale else len(columns)
        self.raw_scale = nn.Parameter(torch.full((n_scales,), start))

    @property
    def scale(self):
        """Scale of the noise, (n,) or (1,)."""
        return F.softplus(self.raw_scale) + MIN_NOISE_SCALE

    def _residual(self, output, x):
        return (x - output[..., 0]) / self.scale


class Gaussian(_LearnedNoise):
    """Normal noise, of one standard deviation a column."""

    name = "gaussian"
    default_for = "real"

    def log_prob(self, output, x):
        squared = self._residual(output, x).square()
        return -0.5 * squared - self.scale.log() - 0.5 * math.log(2 * math.pi)

    def sample(self, output, generator):
        mean = self.mean(output)
        return mean + self.scale * normal(mean.shape, mean, generator)


class SharedGaussian(Gaussian):
    """Normal noise, of one standard deviation for all columns."""

    name = "shared_gaussian"
    default_for = "pixel"
    shared_scale = True


class LogNormal(Gaussian):
    """Positive values whose logarithm is normal: the model sees that logarithm."""

    name = "log_normal"
    support = kind = default_for = "positive"
    scaled_family = "gaussian"


class Laplace(_LearnedNoise):
    """Double-exponential noise of one scale: tolerant of outlying pixels."""

    name = "laplace"
    shared_scale = True

    def log_prob(self, output, x):
        return -self._residual(output, x).abs() - self.scale.log() - math.log(2)

    def sample(self, output, generator):
        mean = self.mean(output)
        centred = _uniform(mean, generator) - 0.5
        return mean - self.scale * centred.sign() * torch.log1p(-2 * centred.abs())


class StudentT(_LearnedNoise):
    """Heavy-tailed noise, of learned scale and degrees of freedom above 2."""

    name = "student_t"

    def __init__(self, columns):
        super().__init__(columns)
        start = torch.full((len(columns),), _inverse_softplus(3.0))
        self.raw_freedom = nn.Parameter(start)

    @property
    def freedom(self):
        """Degrees of freedom (n,)."""
        # Above two the variance is finite.
        return 2 + F.softplus(self.raw_freedom)

    def log_prob(self, output, x):
        return distributions.StudentT(
            self.freedom, output[..., 0], self.scale, validate_args=False
        ).log_prob(x)

    def sample(self, output, generator):
        mean = self.mean(output)
        freedom = self.freedom.expand_as(mean)
        chi_square = 2 * _gamma(freedom / 2, generator)
        noise = normal(mean.shape, mean, generator) * (freedom / chi_square).sqrt()
        return mean + self.scale * noise


class _Levels(Family):
    """Columns of one number of levels, coded 0, 1, ..."""

    support = "level"
    has_density = False
    discrete = True

    def __init__(self, columns):
        super().__init__(columns)
        self.n_levels = columns[0].n_levels

    def log_probabilities(self, output):
        """Log-probability of each level: (..., n, n_levels)."""
        raise NotImplementedError

    def log_prob(self, output, x):
        log_levels = self.log_probabilities(output)
        codes = x.long().expand(log_levels.shape[:-1])
        return log_levels.gather(-1, codes[..., None])[..., 0]

    def sample(self, output, generator):
        # The largest of log-probabilities with Gumbel noise is a draw from them.
        log_levels = self.log_probabilities(output)
        gumbel = -(-_uniform(log_levels, generator).log()).log()
        return (log_levels + gumbel).argmax(-1).to(output)


class Categorical(_Levels):
    """Levels without an order."""

    name = kind = default_for = "categorical"

    @property
    def n_inputs(self):
        """One indicator a level."""
        return self.n_levels

    n_outputs = n_inputs

    def features(self, x):
        return F.one_hot(x.long(), self.n_levels).to(x)

    def expected_features(self, output):
        return self.log_probabilities(output).exp()

    def log_probabilities(self, output):
        return output.log_softmax(-1)

    def mean(self, output):
        return output.argmax(-1).to(output)


class Ordinal(_Levels):
    """Levels in order: a decoded place beside learned cutpoints."""

    name = kind = default_for = "ordinal"

    def __init__(self, columns):
        super().__init__(columns)
        n_cuts = max(self.n_levels - 1, 1)
        self.first_cut = nn.Parameter(torch.full((len(columns), 1), 0.5 - n_cuts / 2))
        gaps = torch.full((len(columns), n_cuts - 1), _inverse_softplus(1.0))
        self.raw_gaps = nn.Parameter(gaps)

    def features(self, x):
        top = max(self.n_levels - 1, 1)
        return (2 * x / top - 1)[..., None]

    def expected_features(self, output):
        levels = torch.arange(self.n_levels, device=output.device, dtype=output.dtype)
        return self.features((self.log_probabilities(output).exp() * levels).sum(-1))

    def log_probabilities(self, output):
        if self.n_levels == 1:
            return torch.zeros_like(output)
        gaps = F.softplus(self.raw_gaps).cumsum(-1)
        cuts = torch.cat([self.first_cut, self.first_cut + gaps], dim=-1)
        below = cuts - output
        # log(sigmoid(b) - sigmoid(a)) without the difference of two near-equal numbers.
        low, high = below[..., :-1], below[..., 1:]
        between = (
            F.logsigmoid(high) + F.logsigmoid(-low) + torch.log(-torch.expm1(low - high))
        )
        return torch.cat(
            [F.logsigmoid(below[..., :1]), between, F.logsigmoid(-below[..., -1:])],
            dim=-1,
        )

    def mean(self, output):
        # The median level: half of the probability lies below it at most.
        cumulative = self.log_probabilities(output).exp().cumsum(-1)
        return (cumulative[..., :-1] < 0.5).sum(-1).to(output)


class _Count(Family):
    """Whole numbers from 0; the decoder's output is the log of rate over mean."""

    support = kind = "count"
    has_density = False

    def __init__(self, columns):
        super().__init__(columns)
        mean_count = torch.tensor([c.mean_count for c in columns])
        self.register_buffer("log_mean_count", mean_count.clamp(min=1e-3).log())
        self.register_buffer("spread", torch.tensor([c.spread for c in columns]))

    def features(self, x):
        mean_count = self.log_mean_count.exp()
        if len(mean_count) >= MANY_COUNTS:
            size = x.sum(-1, keepdim=True) / mean_count.sum()
            x = x / size.clamp(min=1e-3)
        return ((torch.log1p(x) - torch.log1p(mean_count)) / self.spread)[..., None]

    def log_rate(self, output):
        """Log of the expected count."""
        ratio = output[..., 0].clamp(-_MAX_LOG_RATIO, _MAX_LOG_RATIO)
        return self.log_mean_count + ratio

    def mean(self, output):
        return self.log_rate(output).exp()


class Poisson(_Count):
    """Counts whose variance is their mean."""

    name = "poisson"

    def log_prob(self, output, x):
        log_rate = self.log_rate(output)
        return x * log_rate - log_rate.exp() - torch.lgamma(x + 1)

    def sample(self, output, generator):
        return _poisson(self.mean(output), generator)


class NegativeBinomial(_Count):
    """Counts of larger variance, mean + mean^2 / r, with r learned for each column."""

    name = "negative_binomial"
    default_for = "count"

    def __init__(self, columns):
        super().__init__(columns)
        self.log_size = nn.Parameter(torch.ones(len(columns)))

    def log_prob(self, output, x):
        log_rate = self.log_rate(output)
        log_size = self.log_size.clamp(-_MAX_LOG_RATIO, _MAX_LOG_RATIO)
        size = log_size.exp()
        log_total = torch.logaddexp(log_rate, log_size)
        return (
            torch.lgamma(x + size)
            - torch.lgamma(size)
            - torch.lgamma(x + 1)
            + size * (log_size - log_total)
            + x * (log_rate - log_total)
        )

    def sample(self, output, generator):
        rate = self.mean(output)
        size = self.log_size.exp().expand_as(rate)
        return _poisson(rate * _gamma(size, generator) / size, generator)
