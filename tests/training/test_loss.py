"""The loss of a training step, term by term."""

import pytest
import torch

from sklearn_revae._model.edits import move
from sklearn_revae._model.objective import (
    consistency_loss,
    dependence,
    evidence_bound,
    sample_posterior,
)

N_ROWS = 6


@pytest.fixture
def batch(small):
    rows = small.rows(3, N_ROWS - 3)
    return rows.x, rows.codes, rows.weight


def encoder_inputs(module):
    """Record the rows of every call of the encoder."""
    inputs = []
    module.encoder.register_forward_pre_hook(lambda _, args: inputs.append(args[0]))
    return inputs


@pytest.mark.parametrize("unlabeled_bound", ["marginal", "classifier"])
def test_loss_is_minus_the_weighted_elbo_per_feature(small, batch, unlabeled_bound):
    module = small.module(classifier="affine")
    x, codes, _ = batch
    weight = torch.arange(1.0, N_ROWS + 1, dtype=torch.float64)
    loss, bound = small.loss(unlabeled_bound=unlabeled_bound)(module, x, codes, weight)
    mean, scale = module.encode(x)
    z = sample_posterior(mean, scale, 2, small.seeded(2))
    expected = evidence_bound(
        module, x, codes, mean, scale, z, unlabeled_bound=unlabeled_bound
    ).value(label_weight=2.0)
    torch.testing.assert_close(loss, -(weight * expected).sum() / N_ROWS / 4)
    torch.testing.assert_close(bound.value(label_weight=2.0), expected)


def test_sample_weight_weighs_each_rows_gain(small, batch):
    module = small.module()
    x, codes, weight = batch

    def loss_of(weight):
        return small.loss(consistency_weight=3.0)(module, x, codes, weight)[0]

    doubled = weight.clone()
    doubled[2] = 2.0
    only = torch.zeros_like(weight)
    only[2] = 1.0
    torch.testing.assert_close(loss_of(doubled), loss_of(weight) + loss_of(only))
    assert loss_of(only).abs() > 1e-3
    assert loss_of(torch.zeros_like(weight)) == 0


def test_row_of_weight_zero_leaves_no_gradient(small, batch):
    module = small.module()
    x, codes, weight = batch
    weight = weight.clone()
    weight[0] = 0.0
    x = x.clone().requires_grad_()
    small.loss(consistency_weight=3.0)(module, x, codes, weight)[0].backward()
    assert (x.grad[0] == 0).all()
    assert (x.grad[1:] != 0).all()


@pytest.mark.parametrize(
    ("consistency_weight", "n_encoded"), [(0.0, N_ROWS), (1.0, 2 * N_ROWS)]
)
def test_a_step_calls_the_encoder_once(small, batch, consistency_weight, n_encoded):
    module = small.module()
    inputs = encoder_inputs(module)
    small.loss(consistency_weight=consistency_weight)(module, *batch)
    assert [len(x) for x in inputs] == [n_encoded]


def test_no_perturbed_views_without_labels(small, batch):
    module = small.module(n_values=())
    inputs = encoder_inputs(module)
    x, codes, weight = batch
    loss, _ = small.loss(consistency_weight=1.0)(module, x, codes[:, :0], weight)
    assert [len(x) for x in inputs] == [N_ROWS]
    assert loss.isfinite()


def test_consistency_term_is_the_cross_entropy_to_the_perturbed_view(small, batch):
    module = small.module()
    noise = torch.tensor([0.5, 0.0, 1.0, 2.0], dtype=torch.float64)
    inputs = encoder_inputs(module)
    loss, bound = small.loss(consistency_weight=3.0, noise_scale=noise)(module, *batch)
    clean, perturbed = inputs[0].chunk(2)
    cross_entropy = consistency_loss(
        module.log_class_probabilities(clean).exp(),
        module.log_class_probabilities(perturbed),
    )
    expected = -(bound.value(label_weight=2.0) - 3.0 * cross_entropy).mean() / 4
    torch.testing.assert_close(loss, expected)
    assert torch.equal(clean, batch[0])


def test_noise_has_the_requested_scale_in_each_column(small):
    rows = small.rows(2000, 2000)
    module = small.module()
    inputs = encoder_inputs(module)
    scale = torch.tensor([0.5, 0.0, 1.0, 2.0], dtype=torch.float64)
    loss = small.loss(consistency_weight=1.0, noise_scale=scale)
    loss(module, rows.x, rows.codes, rows.weight)
    clean, perturbed = inputs[0].chunk(2)
    noise = perturbed - clean
    assert (noise[:, 1] == 0).all()
    assert ((noise.std(0) - scale).abs() <= 5 * scale / (2 * 4000) ** 0.5).all()
    assert (noise.mean(0).abs() <= 5 * scale / 4000**0.5).all()


def test_correlated_noise_has_the_rows_covariance(small):
    rows = small.rows(0, 2000)
    rows.x[:, 1] += 3.0 + 2.0 * rows.x[:, 0]
    module = small.module()
    inputs = encoder_inputs(module)
    scale = torch.tensor([0.5, 0.5, 1.0, 2.0], dtype=torch.float64)
    loss = small.loss(consistency_weight=1.0, noise_scale=scale, correlated_noise=True)
    loss(module, rows.x, rows.codes, rows.weight)
    clean, perturbed = inputs[0].chunk(2)
    noise = (perturbed - clean) / scale
    deviation = clean.std(0)
    error = (noise.T.cov() - clean.T.cov()) / torch.outer(deviation, deviation)
    # The standard error of a covariance of 2000 rows is at most (2 / 2000)^0.5.
    assert error.abs().max() < 5 * (2 / 2000) ** 0.5
    assert (noise.mean(0).abs() < 5 * deviation / 2000**0.5).all()


def test_mixup_mixes_two_rows_and_their_class_probabilities(small, batch):
    module = small.module()
    inputs = encoder_inputs(module)
    mixing = small.loss(
        consistency_weight=3.0, noise_scale=torch.zeros(4), mixup_fraction=0.4
    )
    loss, bound = mixing(module, *batch)
    clean, mixed = inputs[0].chunk(2)
    towards = clean[None] - clean[:, None]
    moved = (mixed - clean)[:, None]
    # The only other row, and fraction of it, that explain a mixed row.
    fractions = (moved * towards).sum(-1) / (towards**2).sum(-1).clamp(min=1e-9)
    error = (moved - fractions[..., None] * towards).abs().sum(-1)
    other = error.fill_diagonal_(torch.inf).argmin(1)
    fraction = fractions.gather(1, other[:, None])
    torch.testing.assert_close(mixed, clean.lerp(clean[other], fraction))
    assert (fraction <= 0.4).all()
    assert fraction.max() > 0.2
    probabilities = module.log_class_probabilities(clean).exp()
    target = probabilities.lerp(probabilities[other], fraction[..., None])
    cross_entropy = consistency_loss(target, module.log_class_probabilities(mixed))
    expected = -(bound.value(label_weight=2.0) - 3.0 * cross_entropy).mean() / 4
    torch.testing.assert_close(loss, expected)


def test_all_noise_comes_from_the_generator(small, batch):
    module = small.module()
    state = torch.random.get_rng_state()
    first, same, other = (
        small.loss(consistency_weight=1.0, generator=small.seeded(seed))(module, *batch)[
            0
        ]
        for seed in (0, 0, 1)
    )
    assert torch.equal(first, same)
    assert first != other
    assert torch.equal(torch.random.get_rng_state(), state)


def test_edits_are_encoded_in_a_second_call(small, batch):
    module = small.module()
    inputs = encoder_inputs(module)
    small.loss(edit_weight=1.0)(module, *batch)
    assert [len(x) for x in inputs] == [N_ROWS, N_ROWS]


def test_edits_need_a_label(small, batch):
    module = small.module(n_values=())
    inputs = encoder_inputs(module)
    x, codes, weight = batch
    small.loss(edit_weight=1.0)(module, x, codes[:, :0], weight)
    assert [len(x) for x in inputs] == [N_ROWS]


def test_edit_term_is_the_cross_entropy_of_the_requested_value(small, batch):
    module = small.module()
    inputs = encoder_inputs(module)
    with_edits, bound = small.loss(edit_weight=3.0)(module, *batch)
    expected = -bound.value(label_weight=2.0).mean() / 4
    # With one binary label, the term is -log q of the value that was requested.
    log_q = module.log_class_probabilities(inputs[1].detach())[:, 0]
    missed = (with_edits - expected) * 4 / 3.0
    assert -log_q.max(-1).values.mean() <= missed <= -log_q.min(-1).values.mean()


def test_only_style_latents_are_made_independent(small, batch):
    module = small.module()
    with_it, bound = small.loss(independence_weight=3.0)(module, *batch)
    expected = -bound.value(label_weight=2.0).mean() / 4
    mean, _ = module.encode(batch[0])
    probabilities = module.label_model.log_classifier(module.blocks(mean)).exp()
    penalty = dependence(module.style(mean), probabilities)
    torch.testing.assert_close(with_it, expected + 3.0 * penalty / 4)


def test_alpha_penalises_the_weights_of_the_encoder_but_not_its_biases(small, batch):
    module = small.module()
    plain, _ = small.loss()(module, *batch)
    penalised, _ = small.loss(alpha=0.7)(module, *batch)
    squares = sum(
        p.square().sum()
        for name, p in module.encoder.named_parameters()
        if name.endswith("weight")
    )
    torch.testing.assert_close(penalised, plain + 0.35 * squares)


@pytest.mark.parametrize("trained", [False, True])
def test_edit_term_only_trains_the_encoder_on_request(trained, small, batch):
    module = small.module()
    gradients = [
        torch.autograd.grad(
            small.loss(edit_weight=weight, edits_train_encoder=trained)(module, *batch)[
                0
            ],
            [*module.encoder.parameters(), *module.decoder.parameters()],
        )
        for weight in (0.0, 5.0)
    ]
    n_encoder = len(list(module.encoder.parameters()))
    same = [
        torch.allclose(without, with_edits)
        for without, with_edits in zip(*(g[:n_encoder] for g in gradients), strict=True)
    ]
    assert not any(same) if trained else all(same)
    # The last bias cancels in the difference of an edited row and the row itself.
    assert not torch.allclose(gradients[0][-2], gradients[1][-2])


def test_edit_term_trains_the_decoder_to_show_the_requested_value(small):
    rows = small.rows(20, 60)
    module = small.module()
    loss = small.loss(edit_weight=5.0, n_mc_samples=1)
    optimizer = torch.optim.Adam(module.parameters(), lr=0.02)

    def missed():
        with torch.no_grad():
            mean, _ = module.encode(rows.x)
            rates = []
            for value in (0, 1):
                labels, blocks = module.label_model, module.blocks(mean)
                source = labels.log_classifier(blocks)[:, 0].argmax(-1)
                target = torch.full((len(rows),), value)
                moved = move(labels, blocks, 0, source, target, "transport", None)
                z = torch.cat([moved.flatten(-2), module.style(mean)], dim=-1)
                seen = module.log_class_probabilities(module.expected_row(z))
                rates.append((seen[:, 0].argmax(-1) != value).double().mean())
        return max(rates)

    before = missed()
    for _ in range(150):
        optimizer.zero_grad()
        loss(module, rows.x, rows.codes, rows.weight)[0].backward()
        optimizer.step()
    assert missed() < 0.1 < before
