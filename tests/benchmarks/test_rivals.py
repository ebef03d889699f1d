"""Rival models: tiny fits, and their losses against plain summation."""

from itertools import product

import numpy as np
import pytest
import torch
from torch.distributions import Normal

SHAPE, N_VALUES = (16, 16, 3), (3, 2)
NAMES = {"m2": "M2", "ccvae": "CCVAE", "diva": "DIVA", "mvae": "MVAE"}


@pytest.fixture
def rival(benchmark_module):
    def make(name, **options):
        return getattr(benchmark_module(f"baselines.{name}"), NAMES[name])(
            SHAPE, N_VALUES, **options
        )

    return make


@pytest.fixture(scope="module")
def data():
    random = np.random.RandomState(0)
    X = random.randint(0, 256, (40, *SHAPE), dtype=np.uint8)
    y = np.stack([random.randint(0, n, 40) for n in N_VALUES], axis=1)
    y[10:] = -1
    return X, y


def combinations():
    """All values of the labels."""
    return [torch.tensor([values]) for values in product(*map(range, N_VALUES))]


@pytest.mark.parametrize("name", NAMES)
def test_a_rival_edits_images_after_a_short_fit(rival, data, name):
    X, y = data
    model = rival(name).fit(X, y, n_steps=2)
    assert np.isfinite([p.detach().sum() for p in model.parameters()]).all()
    predicted = model.predict(X)
    assert predicted.shape == (40, 2)
    assert (predicted < N_VALUES).all()
    request = np.arange(40) % 3
    for blend in (False, True):
        edited = model.intervene(X, {0: request, 1: 1}, blend=blend)
        assert edited.shape == X.shape
        assert edited.dtype == np.uint8
    own = dict(enumerate(predicted.T))
    assert model.intervene(X, own).shape == X.shape
    assert not np.array_equal(model.reconstruct(X), X)


@pytest.mark.parametrize("name", ["m2", "diva", "mvae"])
def test_the_null_edit_is_the_reconstruction(rival, data, name):
    X, _ = data
    model = rival(name).eval()
    own = dict(enumerate(model.predict(X).T))
    np.testing.assert_array_equal(model.intervene(X, own), model.reconstruct(X))
    np.testing.assert_array_equal(model.intervene(X, own, blend=True), X)


def test_the_prior_of_diva_is_averaged_over_all_values(rival):
    model = rival("diva", label_dim=4)
    generator = torch.Generator().manual_seed(0)
    z = torch.randn(1, 4, generator=generator)
    q = torch.randn(1, 2, 3, generator=generator).masked_fill(model.absent, -1e9)
    q = q.softmax(-1)
    scale = torch.nn.functional.softplus(model.raw_scale) + 0.1
    expected = 0
    for (values,) in combinations():
        mean = sum(model.means[label, value] for label, value in enumerate(values))
        probability = q[0, [0, 1], values].prod()
        expected += probability * Normal(mean, scale).log_prob(z).sum()
    torch.testing.assert_close(model.mean_log_prior(z, q)[0], expected)
    known = model.one_hot(torch.tensor([[2, 1]]))
    exact = Normal(model.means[0, 2] + model.means[1, 1], scale).log_prob(z).sum()
    torch.testing.assert_close(model.mean_log_prior(z, known)[0], exact)


def test_experts_multiply_to_the_normalised_product_of_their_densities(benchmark_module):
    product_of_experts = benchmark_module("baselines.mvae").product_of_experts
    means, scales = torch.tensor([[[1.0], [-2.0], [9.0]]]), torch.tensor([0.5, 2.0, 1.0])
    scales = scales[None, :, None]
    present = torch.tensor([[True, True, False]])
    mean, scale = product_of_experts(means, scales, present)
    grid = torch.linspace(-8, 8, 4001, dtype=torch.float64)
    density = Normal(0.0, 1.0).log_prob(grid)
    for expert in (0, 1):
        density = density + Normal(means[0, expert], scales[0, expert]).log_prob(grid)
    weight = density.softmax(0)
    expected = (weight * grid).sum()
    torch.testing.assert_close(mean[0, 0].double(), expected, atol=1e-5, rtol=0)
    variance = (weight * (grid - expected).square()).sum()
    torch.testing.assert_close(scale[0, 0].double(), variance.sqrt(), atol=1e-5, rtol=0)


def losses(model, codes):
    """Loss of one random image with the noise of a fixed seed, and the image."""
    x = torch.rand(1, 768, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        generator = torch.Generator().manual_seed(2)
        return model.losses(x, codes.clone(), generator)[0], x


def certain(head, value):
    """Make a classifier certain that the first label has a value, and the second 0."""
    with torch.no_grad():
        head.weight.zero_()
        head.bias.fill_(-200.0)
        head.bias[[value, 3]] = 200.0


@pytest.mark.parametrize("name", ["m2", "diva"])
def test_a_certain_classifier_makes_an_unlabelled_loss_the_labelled_one(rival, name):
    model = rival(name, label_weight=1.0)
    certain(model.label_head if name == "m2" else model.head, 2)
    labelled, _ = losses(model, torch.tensor([[2, 0]]))
    unlabelled, _ = losses(model, torch.tensor([[-1, -1]]))
    torch.testing.assert_close(unlabelled, labelled)


def test_the_unlabelled_loss_of_ccvae_is_a_mean_over_all_values(rival):
    model = rival("ccvae", label_weight=0.0)
    found, x = losses(model, torch.tensor([[-1, -1]]))
    with torch.no_grad():
        mean, scale = model.encoder(x)
        generator = torch.Generator().manual_seed(2)
        z = mean + scale * torch.randn((16, *mean.shape), generator=generator)[0]
        log_q = model.log_labels(z)[0]
        log_z = Normal(mean, scale).log_prob(z).sum()
        style = Normal(0.0, 1.0).log_prob(z[:, 6:]).sum()
        bound = model.log_likelihood(z, x)[0] + style - log_z
        for (values,) in combinations():
            log_qy = log_q[[0, 1], values].sum()
            m, s = (p[[0, 1], values] for p in (model.labels.means, model.labels.scales))
            log_p = Normal(m, s).log_prob(z[0, :6].view(2, 3)).sum()
            log_p = log_p + model.log_prior[[0, 1], values].sum()
            bound = bound + log_qy.exp() * (log_p - log_qy)
    torch.testing.assert_close(found, -bound)


def test_a_classifier_that_ignores_z_gives_every_loss_of_ccvae_the_weight_one(rival):
    model = rival("ccvae", label_weight=0.0)
    for head in model.heads:
        torch.nn.init.zeros_(head.weight)
        torch.nn.init.zeros_(head.bias)
    # All values are equally probable, so the unlabelled loss is the mean over them.
    unlabelled, _ = losses(model, torch.tensor([[-1, -1]]))
    labelled = torch.stack([losses(model, codes)[0] for codes in combinations()])
    torch.testing.assert_close(labelled.mean(), unlabelled)


def test_an_image_is_scaled_and_back(rival, data):
    X, y = data
    model = rival("m2").fit(X, y, n_steps=1)
    rows = model.rows(X)
    assert abs(float(rows.mean())) < 1e-3
    assert abs(float(rows.std()) - 1) < 1e-3
