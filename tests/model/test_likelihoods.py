"""p(x|z) of every family against the distributions of SciPy and torch."""

import numpy as np
import pytest
import scipy.stats
import torch

from sklearn_revae._model.families import FAMILIES, MIN_NOISE_SCALE, Column
from sklearn_revae._model.likelihoods import ProductLikelihood

N_LEVELS = 4
MIXED = [
    Column("gaussian"),
    Column("categorical", 3),
    Column("bernoulli"),
    Column("negative_binomial", mean_count=3.0, spread=0.8),
    Column("categorical", 3),
    Column("ordinal", 5),
    Column("gaussian"),
    Column("categorical", 2),
]
COUNTS = (FAMILIES["poisson"], FAMILIES["negative_binomial"])
NOISY = ["gaussian", "shared_gaussian", "laplace", "student_t"]


def random(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=generator, dtype=torch.float64)


def column_of(name):
    return Column(name, N_LEVELS, mean_count=3.0, spread=0.8)


def make_family(name, n_columns=1):
    """A family whose learned parameters differ from their initial values."""
    family = FAMILIES[name]([column_of(name)] * n_columns).double()
    with torch.no_grad():
        for i, parameter in enumerate(family.parameters()):
            parameter.add_(0.3 * random(*parameter.shape, seed=i))
    return family


@pytest.fixture
def mixed():
    likelihood = ProductLikelihood(MIXED, masked=True).double()
    with torch.no_grad():
        for i, parameter in enumerate(likelihood.parameters()):
            parameter.add_(random(*parameter.shape, seed=i))
    return likelihood


@pytest.fixture
def x():
    values = random(6, len(MIXED), seed=3)
    values[:, [1, 4]] = torch.tensor([0.0, 1, 2, 0, 1, 2]).double()[:, None]
    values[:, 2] = torch.tensor([0.0, 1, 1, 0, 1, 0])
    values[:, 3] = torch.tensor([0.0, 1, 5, 2, 40, 3])
    values[:, 5] = torch.tensor([0.0, 1, 2, 3, 4, 4])
    values[:, 7] = torch.tensor([0.0, 1, 1, 1, 0, 0])
    return values


def reference(name, family, output):
    """SciPy's distribution of one column, for one output of the decoder."""
    numbers = {
        key: np.asarray(value.detach()).ravel()[0]
        for key, value in family.named_parameters()
    }
    softplus = lambda value: np.log1p(np.exp(value))  # noqa: E731
    logistic = 1 / (1 + np.exp(-output))
    scale = softplus(numbers.get("raw_scale", 0.0)) + MIN_NOISE_SCALE
    if name in ("gaussian", "shared_gaussian"):
        return scipy.stats.norm(output, scale).logpdf
    if name == "laplace":
        return scipy.stats.laplace(output, scale).logpdf
    if name == "student_t":
        freedom = 2 + softplus(numbers["raw_freedom"])
        return scipy.stats.t(freedom, output, scale).logpdf
    if name == "beta":
        concentration = softplus(numbers["raw_concentration"]) + 0.1
        return scipy.stats.beta(
            logistic * concentration, (1 - logistic) * concentration
        ).logpdf
    if name == "poisson":
        return scipy.stats.poisson(3 * np.exp(output)).logpmf
    if name == "negative_binomial":
        size, rate = np.exp(numbers["log_size"]), 3 * np.exp(output)
        return scipy.stats.nbinom(size, size / (size + rate)).logpmf
    assert name == "bernoulli"
    return scipy.stats.bernoulli(logistic).logpmf


@pytest.mark.parametrize(
    ("name", "values"),
    [
        *[(name, [-7.0, -0.2, 0.3, 1.0]) for name in NOISY],
        ("beta", [0.01, 0.4, 0.9]),
        ("bernoulli", [0.0, 1.0]),
        ("poisson", [0.0, 1.0, 7.0, 60.0]),
        ("negative_binomial", [0.0, 1.0, 7.0, 60.0]),
    ],
)
def test_log_prob_is_that_of_scipy(name, values):
    family = make_family(name)
    for output in (-1.5, 0.0, 0.7):
        expected = reference(name, family, output)(np.array(values))
        found = family.log_prob(
            torch.full((len(values), 1, 1), output, dtype=torch.float64),
            torch.tensor(values, dtype=torch.float64)[:, None],
        )
        np.testing.assert_allclose(found[:, 0].detach(), expected, rtol=1e-6)


def support_of(family):
    """All values of a discrete family, or a fine grid of a continuous one."""
    if isinstance(family, FAMILIES["beta"]):
        return torch.linspace(1.0001e-3, 1 - 1.0001e-3, 200_001).double()
    if isinstance(family, FAMILIES["bernoulli"]):
        continuous = isinstance(family, FAMILIES["continuous_bernoulli"])
        return torch.linspace(0, 1, 100_001 if continuous else 2).double()
    if hasattr(family, "n_levels"):
        return torch.arange(float(N_LEVELS)).double()
    if isinstance(family, COUNTS):
        return torch.arange(3000.0).double()
    return torch.linspace(-400, 400, 4_000_001).double()


@pytest.mark.parametrize("name", FAMILIES)
def test_density_integrates_to_one_and_agrees_with_mean_and_draws(name):
    family = make_family(name)
    output = 0.7 * random(1, family.n_outputs, seed=5)
    values = support_of(family)
    mass = family.log_prob(output.expand(len(values), 1, -1), values[:, None]).exp()[:, 0]
    mass = mass.detach()
    counted = family.discrete or isinstance(family, COUNTS) or name == "bernoulli"
    total = mass.sum() if counted else torch.trapezoid(mass, values)
    # A beta density's ends are cut off, a Student-t's tails are heavy.
    assert total.item() == pytest.approx(1, abs=2e-2 if name == "beta" else 1e-5)

    many = output.expand(40_000, 1, -1)
    draws = family.sample(many, torch.Generator().manual_seed(0))[:, 0].detach()
    weights = mass / mass.sum()
    mean = (weights * values).sum()
    spread = (weights * (values - mean).square()).sum().sqrt()
    assert draws.mean().item() == pytest.approx(mean.item(), abs=0.03 * spread.item())
    if hasattr(family, "n_levels"):
        median = int((mass.cumsum(0) < 0.5).sum())
        expected = mass.argmax() if name == "categorical" else median
        assert int(family.mean(output)) == int(expected)
    else:
        tolerance = 2e-3 if name == "beta" else 1e-4
        assert family.mean(output).item() == pytest.approx(mean.item(), abs=tolerance)


@pytest.mark.parametrize("name", FAMILIES)
def test_draws_only_depend_on_the_generator(name):
    family = make_family(name)
    output = random(50, 1, family.n_outputs)
    before = torch.get_rng_state()
    first, second = (
        family.sample(output, torch.Generator().manual_seed(1)) for _ in range(2)
    )
    assert torch.equal(first, second)
    assert torch.equal(torch.get_rng_state(), before)


def test_bernoulli_between_zero_and_one_interpolates():
    output = random(5, 1, 1)
    family = make_family("bernoulli")
    zero, one, between = (
        family.log_prob(output, torch.full((1,), v, dtype=torch.float64))
        for v in (0.0, 1.0, 0.3)
    )
    torch.testing.assert_close(between, 0.7 * zero + 0.3 * one)


def test_ordinal_levels_increase_with_the_location():
    family = make_family("ordinal")
    places = torch.linspace(-20, 20, 41).double()[:, None, None]
    levels = family.mean(places)[:, 0]
    assert (levels.diff() >= 0).all()
    assert (levels[0], levels[-1]) == (0, N_LEVELS - 1)


@pytest.mark.parametrize("name", NOISY)
def test_noise_starts_at_half_and_is_bounded_from_below(name):
    family = FAMILIES[name]([Column(name)] * 2)
    torch.testing.assert_close(family.scale, torch.full_like(family.scale, 0.5))
    with torch.no_grad():
        family.raw_scale.fill_(-1e3)
    assert (family.scale == MIN_NOISE_SCALE).all()


@pytest.mark.parametrize(
    ("name", "n_scales"), [("gaussian", 5), ("shared_gaussian", 1), ("laplace", 1)]
)
def test_number_of_noise_scales(name, n_scales):
    assert make_family(name, 5).scale.shape == (n_scales,)


def outputs_of(likelihood, output):
    """The outputs of the decoder for every column, in the order of the columns."""
    widths = [{"categorical": column.n_levels}.get(column.family, 1) for column in MIXED]
    assert sum(widths) == likelihood.n_outputs
    return output.split(widths, dim=-1)


def test_mixed_log_prob_and_mean_are_those_of_the_columns(mixed, x):
    output = random(4, 6, mixed.n_outputs, seed=2)
    log_prob, mean = 0.0, []
    for j, part in enumerate(outputs_of(mixed, output)):
        levels = MIXED[j].n_levels
        family = mixed.families[MIXED[j].family + (f"_{levels}" if levels else "")]
        place = MIXED[:j].count(MIXED[j])
        n_alike = MIXED.count(MIXED[j])
        alike = torch.zeros(4, 6, n_alike, part.shape[-1], dtype=torch.float64)
        alike[:, :, place] = part
        values = torch.zeros(6, n_alike, dtype=torch.float64)
        values[:, place] = x[:, j]
        log_prob = log_prob + family.log_prob(alike, values)[..., place]
        mean.append(family.mean(alike)[..., place])
    torch.testing.assert_close(mixed.log_prob(output, x), log_prob, rtol=0, atol=1e-10)
    assert torch.equal(mixed.mean(output), torch.stack(mean, -1))


def test_the_encoder_reads_columns_in_their_order(mixed, x):
    features = mixed.features(x)
    assert features.shape == (6, mixed.n_inputs)
    values, mask = features.split([features.shape[1] - len(MIXED), len(MIXED)], dim=1)
    assert (mask == 1).all()
    first, one_hot, binary = values[:, 0], values[:, 1:4], values[:, 4]
    assert torch.equal(first, x[:, 0])
    assert torch.equal(one_hot.argmax(1).double(), x[:, 1])
    assert torch.equal(binary, x[:, 2])
    ordinal, last_real = values[:, 9], values[:, 10]
    torch.testing.assert_close(ordinal, x[:, 5] / 2 - 1)
    assert torch.equal(last_real, x[:, 6])


def test_a_missing_value_adds_nothing_and_is_masked_for_the_encoder(mixed, x):
    output = random(4, 6, mixed.n_outputs, seed=2)
    whole = mixed.log_prob(output, x)
    for j in range(len(MIXED)):
        incomplete = x.clone()
        incomplete[:, j] = torch.nan
        others = x.clone()
        others[:, [k for k in range(len(MIXED)) if k != j]] = torch.nan
        torch.testing.assert_close(
            mixed.log_prob(output, incomplete) + mixed.log_prob(output, others), whole
        )
        features = mixed.features(incomplete)
        assert torch.isfinite(features).all()
        assert (features[:, -len(MIXED) + j] == 0).all()


def test_gradients_stay_finite_around_missing_values(mixed, x):
    output = random(4, 6, mixed.n_outputs, seed=2).requires_grad_()
    x[::2] = torch.nan
    mixed.log_prob(output, x).sum().backward()
    assert torch.isfinite(output.grad).all()
    assert (output.grad[:, ::2] == 0).all()
    assert (output.grad[:, 1::2] != 0).any()


def test_expected_features_are_those_of_a_certain_row(mixed, x):
    # The outputs leave no doubt, so that the expectation is that of the row itself.
    output = torch.zeros(6, mixed.n_outputs, dtype=torch.float64)
    parts = outputs_of(mixed, output)
    for j, part in enumerate(parts):
        name = MIXED[j].family
        if name == "categorical":
            part.scatter_(1, x[:, [j]].long(), 200.0)
        elif name == "bernoulli":
            part.copy_(400 * x[:, [j]] - 200)
        elif name == "gaussian":
            part.copy_(x[:, [j]])
        elif name == "negative_binomial":
            part.copy_(((x[:, [j]] + 1e-9) / 3).log())
    found, expected = mixed.expected_features(output), mixed.features(x)
    ordinal = 9
    wanted = [j for j in range(mixed.n_inputs) if j != ordinal]
    # A rate is never quite zero.
    torch.testing.assert_close(found[:, wanted], expected[:, wanted], rtol=0, atol=2e-3)


def test_state_dict_restores_everything(mixed, x):
    other = ProductLikelihood(MIXED, masked=True).double()
    other.load_state_dict(mixed.state_dict())
    output = random(6, mixed.n_outputs)
    assert torch.equal(other.log_prob(output, x), mixed.log_prob(output, x))
    assert torch.equal(other.features(x), mixed.features(x))


def test_levels_and_the_mask_get_no_noise(mixed):
    noise = mixed.noise_of_inputs(torch.arange(1.0, 9.0).double())
    expected = [1, 0, 0, 0, 3, 4, 0, 0, 0, 0, 7, 0, 0, *[0] * len(MIXED)]
    assert noise.tolist() == expected
