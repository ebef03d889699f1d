"""Edits in training: what they ask for, who judges them, and what they train."""

import itertools

import pytest
import torch

from sklearn_revae._model.draws import normal
from sklearn_revae._model.edits import move
from sklearn_revae._model.stacked import StackedReVAE
from sklearn_revae._training.edits import UNCHANGED_LABEL_WEIGHT
from sklearn_revae._training.loss import DecoderLoss, SemiSupervisedLoss

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


def test_sample_weight_weighs_edits(small, batch):
    stacked = small.stacked(2)
    x, codes, weight = batch
    loss = small.loss(members=[small.member_settings()] * 2, edit_weight=3.0)
    assert loss(stacked, x, codes, torch.zeros_like(weight))[0] == 0


@pytest.mark.parametrize(("n_edits", "n_encoded"), [(32, N_ROWS), (4, 4)])
def test_edits_are_encoded_in_a_second_call(small, batch, n_edits, n_encoded):
    stacked = small.stacked()
    inputs = small.encoder_inputs(stacked)
    small.loss(edit_weight=1.0, n_edits=n_edits)(stacked, *batch)
    assert [x.shape[1] for x in inputs] == [N_ROWS, n_encoded]


def test_edits_become_part_of_the_loss_after_a_fraction_of_the_steps(small, batch):
    stacked = small.stacked()
    inputs = small.encoder_inputs(stacked)
    loss = small.loss(edit_weight=1.0, edits_from=0.5, n_steps=4)
    n_calls = []
    for _ in range(4):
        inputs.clear()
        loss(stacked, *batch)
        n_calls.append(len(inputs))
    assert n_calls == [1, 1, 2, 2]


def test_edits_need_a_label(small, batch):
    stacked = small.stacked(n_values=())
    inputs = small.encoder_inputs(stacked)
    x, codes, weight = batch
    small.loss(edit_weight=1.0)(stacked, x, codes[:, :0], weight)
    assert [x.shape[1] for x in inputs] == [N_ROWS]


def test_edit_term_asks_for_the_requested_value_and_the_other_labels_own(small):
    """One row is edited; any of the rows, labels and values may have been drawn."""
    batch = two_label_batch(small)
    module = small.module(n_values=(2, 3))
    before = module.log_class_probabilities(batch[0])
    explained = set()
    for seed in range(20):
        stacked = StackedReVAE(module.members)
        inputs = small.encoder_inputs(stacked)
        loss = small.loss(small.seeded(seed), edit_weight=3.0, n_edits=1)
        with_edits, bound = loss(stacked, *batch)
        plain = -bound.value(label_weight=2.0).mean() / 4
        (seen,) = module.log_class_probabilities(inputs[1][0])
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
        inputs = small.encoder_inputs(stacked)
        loss = small.loss(small.seeded(seed), edit_weight=3.0, n_edits=1)
        with_edits, bound = loss(stacked, x, codes, weight)
        missed = (with_edits + bound.value(label_weight=2.0).mean() / 4) * 4 / 3.0
        (seen,) = module.log_class_probabilities(inputs[1][0])
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
    inputs = small.encoder_inputs(stacked)
    small.loss(edit_weight=1.0, noise=0.0)(stacked, x, codes, weight)
    # An edit changes nothing in what this decoder returns: complete rows stay, and the
    # others are read as they were decoded, in some order.
    read = inputs[1][0]
    decoded = (read == 7.0).all(-1)
    assert decoded.sum() == 3
    complete = read[~decoded]
    torch.testing.assert_close(
        complete[complete[:, 0].argsort()], x[3:][x[3:, 0].argsort()]
    )


def gradients(small, module, batch, kind, edit_weight=5.0):
    """Gradient of a loss for each of the stacked parameters, None where there is none."""
    stacked = StackedReVAE(module.members)
    members = [small.member_settings(consistency_weight=1.0)] * len(module.members)
    loss = small.loss(kind=kind, members=members, edit_weight=edit_weight)
    loss(stacked, *batch)[0].backward()
    return {name: parameter.grad for name, parameter in stacked.named_parameters()}


@pytest.mark.parametrize("n_members", [1, 3])
def test_learned_afterwards_edits_train_the_decoder_only(small, batch, n_members):
    for name, gradient in gradients(
        small, small.module(n_members), batch, DecoderLoss
    ).items():
        trained = name.startswith("decoder")
        assert (gradient is not None) == trained
        if trained:
            assert (gradient.flatten(1).abs().amax(1) > 1e-4).all()


def test_as_part_of_the_loss_edits_train_the_decoder_only(small, batch):
    without, with_edits = (
        gradients(small, small.module(3), batch, SemiSupervisedLoss, weight)
        for weight in (0.0, 5.0)
    )
    for name, gradient in with_edits.items():
        same = torch.allclose(gradient, without[name])
        assert same != name.startswith("decoder")


def test_what_decoders_learn_afterwards_is_the_weighted_reconstruction_too(small, batch):
    module = small.module(2)
    x, codes, weight = batch
    weight = torch.arange(1.0, N_ROWS + 1, dtype=torch.float64)
    loss = small.loss(
        kind=DecoderLoss, members=[small.member_settings()] * 2, edit_weight=0.0
    )
    value, bound = loss(StackedReVAE(module.members), x, codes, weight)
    noise = normal((2, N_ROWS, module.latent_dim), x, small.seeded(2))
    expected = 0.0
    for member, drawn in zip(module.members, noise, strict=True):
        mean, scale = member.encode(x)
        log_likelihood = member.likelihood.log_prob(
            member.decode(mean + scale * drawn), x
        )
        expected = expected - (weight * log_likelihood).mean() / 4
    torch.testing.assert_close(value, expected)
    assert bound is None


@pytest.mark.parametrize("kind", [SemiSupervisedLoss, DecoderLoss])
def test_edits_of_a_member_are_judged_by_the_next_one(small, batch, kind):
    before = gradients(small, small.module(3), batch, kind)
    without = gradients(small, small.module(3), batch, kind, 0.0)
    module = small.module(3)
    with torch.no_grad():
        module.members[1].label_model.means.mul_(-2.0)
    after = gradients(small, module, batch, kind)
    without_after = gradients(small, module, batch, kind, 0.0)
    name = next(name for name in before if name.startswith("decoder"))
    change = (before[name] - without[name]) - (after[name] - without_after[name])
    # The second member recognises other values in the edits of the first, and moves its
    # own edits to other means.
    assert (change.flatten(1).abs().amax(1) > 1e-6).tolist() == [True, True, False]


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
                source = labels.predictions(blocks)[:, 0].argmax(-1)
                target = torch.full((len(rows),), value)
                moved = move(labels, blocks, 0, source, target, "transport", None)
                z = torch.cat([moved.flatten(-2), member.style(mean)], dim=-1)
                mean_seen, _ = judge.encode(member.expected_row(z))
                seen = judge.label_model.predictions(judge.blocks(mean_seen))
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
    stacked.write_back(module.members)
    assert all_missed() < 0.1 < 0.3 < before
