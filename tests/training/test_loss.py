"""The loss of a training step, term by term and member by member."""

import pytest
import torch

from sklearn_revae._model.draws import normal
from sklearn_revae._model.label_model import LabelModel, aligned
from sklearn_revae._model.objective import evidence_bound
from sklearn_revae._model.stacked import StackedReVAE

N_ROWS = 6


@pytest.fixture
def batch(small):
    rows = small.rows(3, N_ROWS - 3)
    return rows.x, rows.codes, rows.weight


def bounds_of(small, module, batch, n_samples=2):
    """The ELBO of every member, with the noise that the loss draws first."""
    x, codes, _ = batch
    shape = (n_samples, len(module.members), len(x), module.latent_dim)
    noise = normal(shape, x, small.seeded(2)).movedim(1, 0)
    return [
        evidence_bound(member, x, codes, *member.encode(x), drawn)
        for member, drawn in zip(module.members, noise, strict=True)
    ]


@pytest.mark.parametrize("n_members", [1, 3])
def test_loss_is_the_sum_of_minus_the_weighted_elbo_per_feature(small, batch, n_members):
    module = small.module(n_members)
    x, codes, _ = batch
    weight = torch.arange(1.0, N_ROWS + 1, dtype=torch.float64)
    members = [small.member_settings(label_weight=2.0)] * n_members
    loss, bound = small.loss(members=members)(
        StackedReVAE(module.members), x, codes, weight
    )
    gains = [b.value(label_weight=2.0) for b in bounds_of(small, module, batch)]
    torch.testing.assert_close(loss, -(weight * sum(gains)).sum() / N_ROWS / 4)
    torch.testing.assert_close(bound.value(label_weight=2.0), torch.stack(gains))


def test_each_member_is_trained_with_its_own_weights_and_views(small, batch):
    module = small.module(3)
    x, codes, weight = batch
    of_members = [(0.5, 0.0), (2.0, 3.0), (20.0, 1.0)]
    members = [
        small.member_settings(label_weight=label_weight, consistency_weight=consistency)
        for label_weight, consistency in of_members
    ]
    loss_of = small.loss(members=members)
    views = loss_of.noise.views(module.likelihood, x)
    loss_of.noise.views = lambda *_: views
    loss_of.generator.manual_seed(2)
    loss, _ = loss_of(StackedReVAE(module.members), x, codes, weight)
    expected = 0.0
    for member, bound, view, (label_weight, consistency) in zip(
        module.members, bounds_of(small, module, batch), views, of_members, strict=True
    ):
        log_prior = member.label_model.log_prior
        mean, _ = member.encode(x)
        clean = member.label_model.predictions(member.blocks(mean))
        mean, _ = member.encoder(view)
        perturbed = member.label_model.predictions(member.blocks(mean))
        missed = LabelModel.mismatch(aligned(clean, log_prior), perturbed).sum(-1)
        gain = bound.value(label_weight) - consistency * missed
        expected = expected - gain.mean() / 4
    torch.testing.assert_close(loss, expected)


def test_sample_weight_weighs_each_rows_gain(small, batch):
    stacked = small.stacked(2)
    x, codes, weight = batch
    members = [small.member_settings(consistency_weight=3.0)] * 2

    def loss_of(weight):
        return small.loss(members=members)(stacked, x, codes, weight)[0]

    doubled = weight.clone()
    doubled[2] = 2.0
    only = torch.zeros_like(weight)
    only[2] = 1.0
    torch.testing.assert_close(loss_of(doubled), loss_of(weight) + loss_of(only))
    assert loss_of(only).abs() > 1e-3
    assert loss_of(torch.zeros_like(weight)) == 0


def test_row_of_weight_zero_leaves_no_gradient(small, batch):
    stacked = small.stacked()
    x, codes, weight = batch
    weight = weight.clone()
    weight[0] = 0.0
    x = x.clone().requires_grad_()
    small.loss(consistency_weight=3.0)(stacked, x, codes, weight)[0].backward()
    assert (x.grad[0] == 0).all()
    assert (x.grad[1:] != 0).all()


@pytest.mark.parametrize(
    ("consistency_weight", "n_encoded"), [(0.0, N_ROWS), (1.0, 2 * N_ROWS)]
)
@pytest.mark.parametrize("n_members", [1, 3])
def test_a_step_calls_the_encoder_once(
    small, batch, consistency_weight, n_encoded, n_members
):
    stacked = small.stacked(n_members)
    inputs = small.encoder_inputs(stacked)
    member = small.member_settings(consistency_weight=consistency_weight)
    small.loss(members=[member] * n_members)(stacked, *batch)
    assert [x.shape[1] for x in inputs] == [n_encoded]


def test_no_perturbed_views_without_labels(small, batch):
    stacked = small.stacked(n_values=())
    inputs = small.encoder_inputs(stacked)
    x, codes, weight = batch
    loss, _ = small.loss(consistency_weight=1.0)(stacked, x, codes[:, :0], weight)
    assert [x.shape[1] for x in inputs] == [N_ROWS]
    assert loss.isfinite()


def test_consistency_term_is_the_cross_entropy_to_the_perturbed_view(small, batch):
    module = small.module()
    stacked = StackedReVAE(module.members)
    inputs = small.encoder_inputs(stacked)
    loss, bound = small.loss(consistency_weight=3.0)(stacked, *batch)
    clean, perturbed = inputs[0][0].chunk(2)
    cross_entropy = LabelModel.mismatch(
        aligned(module.log_class_probabilities(clean), module.label_model.log_prior),
        module.log_class_probabilities(perturbed),
    ).sum(-1)
    expected = -(bound.value(label_weight=2.0)[0] - 3.0 * cross_entropy).mean() / 4
    torch.testing.assert_close(loss, expected)
    assert torch.equal(clean, batch[0])
    assert not torch.equal(perturbed, batch[0])


def test_all_noise_comes_from_the_generator(small, batch):
    stacked = small.stacked(2)
    members = [small.member_settings(consistency_weight=1.0)] * 2
    state = torch.random.get_rng_state()
    first, same, other = (
        small.loss(small.seeded(seed), members=members, edit_weight=1.0)(stacked, *batch)[
            0
        ]
        for seed in (0, 0, 1)
    )
    assert torch.equal(first, same)
    assert first != other
    assert torch.equal(torch.random.get_rng_state(), state)


def test_values_that_are_missing_are_found_unless_none_is_said_to_be(small, batch):
    stacked = small.stacked()
    x, codes, weight = batch
    loss = small.loss()(stacked, x, codes, weight)[0]
    assert small.loss(complete=True)(stacked, x, codes, weight)[0] == loss
    x = x.clone()
    x[0, 1] = torch.nan
    assert small.loss()(stacked, x, codes, weight)[0].isfinite()
