"""The loss of a training step, term by term and member by member."""

import itertools

import pytest
import torch

from sklearn_revae._model.draws import normal
from sklearn_revae._model.edits import move
from sklearn_revae._model.objective import aligned, consistency_loss, evidence_bound
from sklearn_revae._model.stacked import StackedReVAE
from sklearn_revae._training.loss import UNCHANGED_LABEL_WEIGHT

N_ROWS = 6


@pytest.fixture
def batch(small):
    rows = small.rows(3, N_ROWS - 3)
    return rows.x, rows.codes, rows.weight


def two_label_batch(small):
    """Rows with two labels, which are all observed in half of the rows."""
    rows = small.rows(0, N_ROWS)
    codes = torch.tensor([[0, 2], [1, 0], [1, 1], [-1, -1], [-1, -1], [-1, -1]])
    return rows.x, codes, rows.weight


def encoder_inputs(stacked):
    """Record the rows of every call of the encoder of a single member."""
    inputs = []
    stacked.member.encoder.register_forward_pre_hook(
        lambda _, args: inputs.append(args[0])
    )
    return inputs


def bounds_of(small, module, batch, n_samples=2):
    """The ELBO of every member, with the noise that the loss draws first."""
    x, codes, _ = batch
    shape = (len(module.members), n_samples, len(x), module.latent_dim)
    noise = normal(shape, x, small.seeded(2))
    bounds = []
    for member, drawn in zip(module.members, noise, strict=True):
        mean, scale = member.encode(x)
        z = mean + scale * drawn
        bounds.append(evidence_bound(member, x, codes, mean, scale, z))
    return bounds


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
    views = loss_of.noise.view(module.likelihood, x)
    loss_of.noise.view = lambda *_: views
    loss_of.generator.manual_seed(2)
    loss, _ = loss_of(StackedReVAE(module.members), x, codes, weight)
    expected = 0.0
    for member, bound, view, (label_weight, consistency) in zip(
        module.members, bounds_of(small, module, batch), views, of_members, strict=True
    ):
        log_prior = member.label_model.log_prior
        mean, _ = member.encode(x)
        clean = member.label_model.log_classifier(member.blocks(mean))
        mean, _ = member.encoder(view)
        perturbed = member.label_model.log_classifier(member.blocks(mean))
        missed = consistency_loss(aligned(clean, log_prior), perturbed)
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


def test_sample_weight_weighs_edits(small, batch):
    stacked = small.stacked(2)
    x, codes, weight = batch
    loss = small.loss(members=[small.member_settings()] * 2, edit_weight=3.0)
    assert loss(stacked, x, codes, torch.zeros_like(weight))[0] == 0


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
    inputs = encoder_inputs(stacked)
    member = small.member_settings(consistency_weight=consistency_weight)
    small.loss(members=[member] * n_members)(stacked, *batch)
    assert [len(x) for x in inputs] == [n_encoded]


def test_no_perturbed_views_without_labels(small, batch):
    stacked = small.stacked(n_values=())
    inputs = encoder_inputs(stacked)
    x, codes, weight = batch
    loss, _ = small.loss(consistency_weight=1.0)(stacked, x, codes[:, :0], weight)
    assert [len(x) for x in inputs] == [N_ROWS]
    assert loss.isfinite()


def test_consistency_term_is_the_cross_entropy_to_the_perturbed_view(small, batch):
    module = small.module()
    stacked = StackedReVAE(module.members)
    inputs = encoder_inputs(stacked)
    loss, bound = small.loss(consistency_weight=3.0)(stacked, *batch)
    clean, perturbed = inputs[0].chunk(2)
    cross_entropy = consistency_loss(
        aligned(module.log_class_probabilities(clean), module.label_model.log_prior),
        module.log_class_probabilities(perturbed),
    )
    expected = -(bound.value(label_weight=2.0) - 3.0 * cross_entropy).mean() / 4
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


@pytest.mark.parametrize(("n_edits", "n_encoded"), [(32, N_ROWS), (4, 4)])
def test_edits_are_encoded_in_a_second_call(small, batch, n_edits, n_encoded):
    stacked = small.stacked()
    inputs = encoder_inputs(stacked)
    small.loss(edit_weight=1.0, n_edits=n_edits)(stacked, *batch)
    assert [len(x) for x in inputs] == [N_ROWS, n_encoded]


def test_edits_need_a_label(small, batch):
    stacked = small.stacked(n_values=())
    inputs = encoder_inputs(stacked)
    x, codes, weight = batch
    small.loss(edit_weight=1.0)(stacked, x, codes[:, :0], weight)
    assert [len(x) for x in inputs] == [N_ROWS]


def test_edit_term_asks_for_the_requested_value_and_the_other_labels_own(small):
    """One row is edited; any of the rows, labels and values may have been drawn."""
    batch = two_label_batch(small)
    module = small.module(n_values=(2, 3))
    before = module.log_class_probabilities(batch[0])
    explained = set()
    for seed in range(20):
        stacked = StackedReVAE(module.members)
        inputs = encoder_inputs(stacked)
        loss = small.loss(small.seeded(seed), edit_weight=3.0, n_edits=1)
        with_edits, bound = loss(stacked, *batch)
        plain = -bound.value(label_weight=2.0).mean() / 4
        (seen,) = module.log_class_probabilities(inputs[1])
        matches = []
        for row, label, value in itertools.product(range(N_ROWS), (0, 1), range(3)):
            other = 1 - label
            kept = -(before[row, other].exp() * seen[other]).sum()
            missed = -seen[label, value] + UNCHANGED_LABEL_WEIGHT * kept
            if torch.isclose(with_edits, plain + 3.0 / 4 * missed, rtol=1e-9):
                matches.append((label, value))
        assert len(matches) == 1
        explained.update(matches)
    # Every value of both labels is requested at some time.
    assert explained == {(0, 0), (0, 1), (1, 0), (1, 1), (1, 2)}


def test_a_label_that_the_requested_value_excludes_should_become_another(small):
    batch = two_label_batch(small)
    x, codes, weight = batch
    codes = torch.tensor([[1, 1]] * N_ROWS)
    module = small.module(n_values=(2, 3))
    # Value 0 of the first label excludes value 1 of the second, which becomes 2.
    module.label_model.exclusions = ((0, 0, 1, 1, 2),)
    found = False
    for seed in range(20):
        stacked = StackedReVAE(module.members)
        inputs = encoder_inputs(stacked)
        loss = small.loss(small.seeded(seed), edit_weight=3.0, n_edits=1)
        with_edits, bound = loss(stacked, x, codes, weight)
        missed = (with_edits + bound.value(label_weight=2.0).mean() / 4) * 4 / 3.0
        (seen,) = module.log_class_probabilities(inputs[1])
        expected = -seen[0, 0] - UNCHANGED_LABEL_WEIGHT * seen[1, 2]
        found |= bool(torch.isclose(missed, expected, rtol=1e-9))
    assert found


def constant_decoder(module, value):
    """Let every decoder return `value` for each feature."""
    with torch.no_grad():
        for member in module.members:
            for parameter in member.decoder.parameters():
                parameter.zero_()
            list(member.decoder.parameters())[-1].fill_(value)


def test_edits_add_the_decoded_change_to_complete_rows_only(small, batch):
    module = small.module()
    constant_decoder(module, 7.0)
    x, codes, weight = batch
    x = x.clone()
    x[:3, 1] = torch.nan
    stacked = StackedReVAE(module.members)
    inputs = encoder_inputs(stacked)
    small.loss(edit_weight=1.0, noise=0.0)(stacked, x, codes, weight)
    # An edit changes nothing in what this decoder returns: complete rows stay, and the
    # others are read as they were decoded, in some order.
    read = inputs[1]
    decoded = (read == 7.0).all(-1)
    assert decoded.sum() == 3
    complete = read[~decoded]
    torch.testing.assert_close(
        complete[complete[:, 0].argsort()], x[3:][x[3:, 0].argsort()]
    )


def edit_gradients(small, module, batch):
    """What the edits add to the gradient of each of the members' parameters."""
    stacked = StackedReVAE(module.members)
    names = [name.removeprefix("member.") for name, _ in stacked.named_parameters()]
    members = [small.member_settings(consistency_weight=1.0)] * len(module.members)
    without, with_edits = (
        torch.autograd.grad(
            small.loss(members=members, edit_weight=weight)(stacked, *batch)[0],
            list(stacked.parameters()),
        )
        for weight in (0.0, 5.0)
    )
    changes = [a - b for a, b in zip(with_edits, without, strict=True)]
    return dict(zip(names, changes, strict=True))


@pytest.mark.parametrize("n_members", [1, 3])
def test_edits_train_nothing_but_the_decoders(small, batch, n_members):
    gradients = edit_gradients(small, small.module(n_members), batch)
    *weights, _ = [name for name in gradients if name.startswith("decoder")]
    for name, gradient in gradients.items():
        if name in weights:
            assert (gradient.flatten(1).abs().amax(1) > 1e-4).all()
        else:
            # The last bias cancels in the change from a decoded row to the edited one.
            torch.testing.assert_close(gradient, torch.zeros_like(gradient))


def test_edits_of_a_member_are_judged_by_the_next_one(small, batch):
    before = edit_gradients(small, small.module(3), batch)
    module = small.module(3)
    with torch.no_grad():
        module.members[1].label_model.means.mul_(-2.0)
    after = edit_gradients(small, module, batch)
    name = next(name for name in before if name.startswith("decoder"))
    changed = (before[name] - after[name]).flatten(1).abs().amax(1) > 1e-6
    # The second member recognises other values in the edits of the first, and moves its
    # own edits to other means.
    assert changed.tolist() == [True, True, False]


@pytest.mark.parametrize("n_members", [1, 3])
def test_edits_train_the_decoder_to_show_the_requested_value(small, n_members):
    rows = small.rows(20, 60)
    module = small.module(n_members)
    stacked = StackedReVAE(module.members)
    members = [small.member_settings()] * n_members
    loss = small.loss(members=members, edit_weight=5.0, n_edits=80, n_mc_samples=1)
    optimizer = torch.optim.Adam(stacked.parameters(), lr=0.02)

    def missed(member, judge):
        with torch.no_grad():
            mean, _ = member.encode(rows.x)
            rates = []
            for value in (0, 1):
                labels, blocks = member.label_model, member.blocks(mean)
                source = labels.log_classifier(blocks)[:, 0].argmax(-1)
                target = torch.full((len(rows),), value)
                moved = move(labels, blocks, 0, source, target, "transport", None)
                z = torch.cat([moved.flatten(-2), member.style(mean)], dim=-1)
                mean_seen, _ = judge.encode(member.expected_row(z))
                seen = judge.label_model.log_classifier(judge.blocks(mean_seen))
                rates.append((seen[:, 0].argmax(-1) != value).double().mean())
        return sum(rates) / 2

    def all_missed():
        members = module.members
        judges = [*members[1:], members[0]]
        missed_by_each = [missed(*pair) for pair in zip(members, judges, strict=True)]
        return sum(missed_by_each) / n_members

    before = all_missed()
    for _ in range(100):
        optimizer.zero_grad()
        loss(stacked, rows.x, rows.codes, rows.weight)[0].backward()
        optimizer.step()
    stacked.write_back(module)
    assert all_missed() < 0.1 < 0.3 < before
