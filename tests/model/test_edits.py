"""Edits of the latents of a label: their moments, and what they do not change."""

import pytest
import torch

from sklearn_revae._model.edits import METHODS, mean, move, sample
from sklearn_revae._model.label_model import LabelModel

N_ROWS = 12


@pytest.fixture
def labels():
    generator = torch.Generator().manual_seed(0)
    labels = LabelModel((2, 3), 2, generator).double()
    with torch.no_grad():
        labels.raw_scales.add_(torch.randn(labels.raw_scales.shape, generator=generator))
    return labels


@pytest.fixture
def blocks():
    generator = torch.Generator().manual_seed(1)
    return torch.randn(N_ROWS, 2, 2, generator=generator, dtype=torch.float64)


@pytest.fixture
def codes():
    return torch.arange(N_ROWS) % 3, torch.arange(N_ROWS) // 3 % 3


def moments(labels, value):
    return labels.means[1, value], labels.scales[1, value]


def test_transport_maps_one_prior_to_the_other(labels):
    noise = torch.randn(50, 2, dtype=torch.float64)
    noise = (noise - noise.mean(0)) / noise.std(0)
    (m_u, s_u), (m_v, s_v) = moments(labels, 0), moments(labels, 2)
    source, target = torch.zeros(50, dtype=int), torch.full((50,), 2)
    moved = labels.transport(1, m_u + s_u * noise, source, target)
    torch.testing.assert_close(moved.mean(0), m_v, rtol=0, atol=1e-10)
    torch.testing.assert_close(moved.std(0), s_v, rtol=0, atol=1e-10)


def test_transport_keeps_the_standardised_residual(labels, blocks, codes):
    source, target = codes
    moved = labels.transport(1, blocks[:, 1], source, target)
    (m_u, s_u), (m_v, s_v) = moments(labels, source), moments(labels, target)
    torch.testing.assert_close(
        (moved - m_v) / s_v, (blocks[:, 1] - m_u) / s_u, rtol=0, atol=1e-10
    )


def test_transport_is_undone_by_transport_back(labels, blocks, codes):
    source, target = codes
    moved = labels.transport(1, blocks[:, 1], source, target)
    back = labels.transport(1, moved, target, source)
    torch.testing.assert_close(back, blocks[:, 1], rtol=0, atol=1e-10)
    assert (moved - blocks[:, 1])[source != target].abs().min() > 1e-3


def test_transport_to_the_same_value_changes_nothing(labels, blocks, codes):
    source, _ = codes
    assert torch.equal(labels.transport(1, blocks[:, 1], source, source), blocks[:, 1])


def test_sample_has_the_targets_moments(labels):
    n = 100_000
    target = torch.full((n,), 1)
    block = torch.zeros(n, 2, dtype=torch.float64)
    drawn = sample(labels, 1, block, target, torch.Generator().manual_seed(0))
    m, s = moments(labels, 1)
    assert ((drawn.mean(0) - m).abs() < 5 * s / n**0.5).all()
    assert ((drawn.std(0) - s).abs() < 5 * s / (2 * n) ** 0.5).all()


def test_sample_only_depends_on_the_generator(labels, blocks, codes):
    _, target = codes
    draws = [
        sample(labels, 1, blocks[:, 1], target, torch.Generator().manual_seed(seed))
        for seed in (0, 0, 1)
    ]
    assert torch.equal(draws[0], draws[1])
    assert (draws[0] != draws[2]).all()


def test_mean_is_the_targets_mean(labels, blocks, codes):
    _, target = codes
    moved = mean(labels, 1, blocks[:, 1], target)
    for row in range(N_ROWS):
        assert torch.equal(moved[row], labels.means[1, target[row]])


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("shape", [(), (4,)])
def test_move_changes_neither_other_labels_nor_its_input(
    labels, blocks, codes, method, shape
):
    source, target = codes
    z = blocks.expand(*shape, *blocks.shape).clone()
    before = z.clone()
    generator = torch.Generator().manual_seed(0)
    moved = move(labels, z, 1, source, target, method, generator)
    assert torch.equal(z, before)
    assert torch.equal(moved[..., 0, :], z[..., 0, :])
    changed = (moved != z)[..., source != target, 1, :]
    assert changed.all()


def test_move_uses_the_requested_method(labels, blocks, codes):
    source, target = codes

    def generator():
        return torch.Generator().manual_seed(5)

    block = blocks[:, 1]
    expected = {
        "transport": labels.transport(1, block, source, target),
        "sample": sample(labels, 1, block, target, generator()),
        "mean": mean(labels, 1, block, target),
    }
    for method in METHODS:
        moved = move(labels, blocks, 1, source, target, method, generator())
        assert torch.equal(moved[:, 1], expected[method])
