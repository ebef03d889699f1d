"""A whole training run."""

import copy
import math

import numpy as np
import pytest
import torch

from sklearn_revae._model.draws import normal
from sklearn_revae._model.ensemble import Ensemble
from sklearn_revae._model.stacked import StackedReVAE
from sklearn_revae._training import loss as loss_module
from sklearn_revae._training import run as training_run
from sklearn_revae._training.batches import Rows
from sklearn_revae._training.callbacks import DelayedProgress
from sklearn_revae._training.net import MAX_GRADIENT_NORM, gradient_norm
from sklearn_revae._training.run import module_score, train


def run(small, seed=0, rows=None, held_out=None, module=None, **settings):
    """Train two members, or the given ones."""
    module = small.module(2) if module is None else module
    rows = small.rows(8, 32) if rows is None else rows
    settings = {"members": members_of(small, module), **settings}
    return module, train(module, rows, held_out, small.settings(**settings), seed)


def members_of(small, module, **changes):
    member = small.member_settings(**{"consistency_weight": 1.0, **changes})
    return [member] * len(module.members)


@pytest.mark.parametrize("edits_from", [0.0, 1.0])
def test_same_seed_same_bits_and_another_seed_others(small, edits_from):
    (a, first), (b, same), (c, _) = (
        run(small, seed, edits_from=edits_from) for seed in (0, 0, 1)
    )
    assert torch.equal(small.weights(a), small.weights(b))
    assert not torch.equal(small.weights(a), small.weights(c))
    assert [e["bound"] for e in first.history] == [e["bound"] for e in same.history]


def test_global_random_states_stay_untouched(small):
    torch_state, numpy_state = torch.random.get_rng_state(), np.random.get_state()  # noqa: NPY002
    run(small, n_epochs=1)
    assert torch.equal(torch.random.get_rng_state(), torch_state)
    assert np.array_equal(np.random.get_state()[1], numpy_state[1])  # noqa: NPY002


def test_history_is_one_plain_dict_per_epoch(small):
    _, result = run(small, n_epochs=4)
    assert [epoch["epoch"] for epoch in result.history] == [1, 2, 3, 4]
    assert all(type(epoch) is dict and "batches" not in epoch for epoch in result.history)


def test_accuracy_and_elbo_increase(small):
    rows = small.rows(20, 60)
    module, result = run(small, rows=rows, n_epochs=30)
    assert module_score(module, rows) > 0.9
    assert result.history[-1]["bound"] > result.history[0]["bound"] + 1


def test_without_a_number_of_epochs_enough_steps_are_trained(small):
    least = {"n_epochs": None, "min_steps": 30}
    # An epoch has two steps, then ten.
    _, few_steps = run(small, rows=small.rows(0, 20), **least)
    _, many_steps = run(small, rows=small.rows(0, 100), **least)
    assert len(few_steps.history) == 15
    assert len(many_steps.history) == 3


@pytest.mark.parametrize(("n_labeled", "n_epochs"), [(20, 10), (10, 5), (4, 2)])
def test_without_a_number_of_epochs_labelled_rows_are_seen_often(
    n_labeled, n_epochs, small
):
    # An epoch has ten steps, in each of which two of ten rows are labelled.
    rows = small.rows(n_labeled, 80)
    _, result = run(small, rows=rows, n_epochs=None, labeled_passes=10)
    assert len(result.history) == n_epochs


def test_many_labelled_rows_do_not_prolong_training_beyond_a_limit(small, monkeypatch):
    monkeypatch.setattr(training_run, "MOST_STEPS", 35)
    _, result = run(small, rows=small.rows(100, 0), n_epochs=None, labeled_passes=20)
    assert len(result.history) == 4


@pytest.mark.parametrize("decay", [1.0, 0.3, 0.0])
def test_learning_rate_decays_to_zero_or_not_at_all(small, decay):
    _, result = run(small, decay=decay)
    state = result.optimizer_state[0]
    rates = [group["lr"] for group in state["param_groups"]]
    expected = [0.0, 0.0] if decay else [0.1, 0.01]
    assert rates == pytest.approx(expected, abs=1e-9)


def steps(optimizer_state):
    (n,) = {int(state["step"]) for state in optimizer_state["state"].values()}
    return n


def train_further(small, module, optimizer_state, **settings):
    members = members_of(small, module)
    settings = small.settings(members=members, decay=0.0, n_epochs=3, **settings)
    return train(module, small.rows(8, 32), None, settings, 1, optimizer_state)


def test_optimizer_continues_from_its_state(small):
    module, first = run(small, decay=0.0, n_epochs=2)
    n_steps = steps(first.optimizer_state[0])
    second = train_further(small, module, first.optimizer_state)
    assert steps(second.optimizer_state[0]) == n_steps // 2 * 5


@pytest.mark.parametrize("edits_from", [0.0, 1.0])
def test_continuing_has_a_learning_rate_of_its_own(small, edits_from):
    module, first = run(small, decay=1.0, edits_from=edits_from)
    names = ("encoder", "decoder")
    before = [parts(module, name) for name in names]
    second = train_further(small, module, first.optimizer_state, edits_from=edits_from)
    for name, weights in zip(names, before, strict=True):
        assert not torch.equal(parts(module, name), weights)
    for state in second.optimizer_state[: 1 + int(edits_from)]:
        assert [group["lr"] for group in state["param_groups"]] == [0.1, 0.01]


def test_decoder_is_taught_edits_for_a_quarter_of_the_epochs(small):
    spy = small.Spy()
    options = {"decay": False, "edits_from": 1.0}
    module, first = run(small, n_epochs=4, callbacks=[("spy", spy)], **options)
    state, of_edits, _ = first.optimizer_state
    assert steps(of_edits) == steps(state) / 4
    # The user's callbacks see the training of the whole model.
    assert len(spy.epochs) == len(first.history) == 4
    second = train_further(small, module, first.optimizer_state, edits_from=1.0)
    # One epoch more after three.
    assert steps(second.optimizer_state[1]) == steps(state) / 4 * (1 + 1)


def test_continuing_does_not_change_the_given_optimizer_state(small):
    options = {"decay": False, "edits_from": 1.0}
    module, first = run(small, n_epochs=2, **options)
    before = copy.deepcopy(first.optimizer_state)
    train_further(small, module, first.optimizer_state, edits_from=1.0)
    for own, expected in zip(first.optimizer_state[:2], before[:2], strict=True):
        for index, state in expected["state"].items():
            for name, value in state.items():
                assert torch.equal(own["state"][index][name], value)


def parts(module, *names):
    """Weights of the parts of all members whose names are given."""
    return small_weights(
        [getattr(member, name) for member in module.members for name in names]
    )


def small_weights(modules):
    return torch.cat([p.detach().flatten() for m in modules for p in m.parameters()])


def test_edits_learned_afterwards_do_not_change_predictions(small):
    with_edits, without = (
        run(small, edit_weight=weight, edits_from=1.0)[0] for weight in (5.0, 0.0)
    )
    predicting = ("encoder", "label_model")
    assert torch.equal(parts(with_edits, *predicting), parts(without, *predicting))
    assert not torch.equal(parts(with_edits, "decoder"), parts(without, "decoder"))


@pytest.mark.parametrize("n_members", [1, 3])
def test_early_stopping_scores_held_out_rows_and_keeps_the_best(small, n_members):
    held_out, spy = small.rows(20, 0), small.Spy()
    module, result = run(
        small,
        held_out=held_out,
        module=small.module(n_members),
        monitor="validation_score",
        patience=3,
        n_epochs=60,
        callbacks=[("spy", spy)],
    )
    scores = [epoch["validation_score"] for epoch in result.history]
    assert len(scores) < 60
    assert module_score(module, held_out) == max(scores)
    # The weights of all members are those of the first of the best epochs.
    best = spy.epochs[scores.index(max(scores))]
    assert torch.equal(small.weights(StackedReVAE(module.members)), best)
    assert not torch.equal(spy.epochs[-1], best)


# members


def shared_noise(shape, like, generator):
    """The same draws for all members; they are the second axis, or the first of three."""
    axis = len(shape) - 3
    one = [1 if i == axis else n for i, n in enumerate(shape)]
    return normal(one, like, generator).expand(shape)


def ensemble_of(*members):
    """An ensemble of copies of the members."""
    first, *others = map(copy.deepcopy, members)
    return Ensemble(first, others)


def test_members_with_the_same_settings_weights_and_noise_stay_the_same(
    small, monkeypatch
):
    monkeypatch.setattr(loss_module, "normal", shared_noise)
    one, other = small.member(), small.member(seed=1)
    module = ensemble_of(one, one, one, other)
    plain = small.member_settings(consistency_weight=1.0)
    others = small.member_settings(consistency_weight=1.0, label_weight=9.0)
    run(small, module=module, members=[plain, plain, others, plain], edit_weight=0.0)
    first, same, of_others, of_other = (
        parts(Ensemble(member), "encoder", "decoder", "label_model", "likelihood")
        for member in module.members
    )
    torch.testing.assert_close(same, first, rtol=0, atol=1e-12)
    assert not torch.allclose(of_others, first, atol=1e-2)
    assert not torch.allclose(of_other, first, atol=1e-2)


@pytest.mark.parametrize(
    "changes",
    [
        {"label_weight": 9.0},
        {"consistency_weight": 9.0},
        {"noise": 2.0},
    ],
)
def test_every_setting_of_a_member_changes_it_and_no_other(small, changes, monkeypatch):
    monkeypatch.setattr(loss_module, "normal", shared_noise)
    plain = small.member_settings(consistency_weight=1.0)
    changed = small.member_settings(**{"consistency_weight": 1.0, **changes})
    members = [small.member(seed=seed) for seed in range(2)]
    (without, with_it) = (
        run(
            small,
            module=ensemble_of(*members),
            members=[plain, second],
            edit_weight=0.0,
            n_epochs=1,
        )[0].members
        for second in (plain, changed)
    )
    own = ("encoder", "decoder", "label_model", "likelihood")
    first, of_plain = (
        parts(Ensemble(members[0]), *own) for members in (without, with_it)
    )
    torch.testing.assert_close(of_plain, first, rtol=0, atol=1e-12)
    second, of_changed = (
        parts(Ensemble(members[1]), *own) for members in (without, with_it)
    )
    assert (of_changed - second).abs().max() > 1e-3


def test_a_member_trains_as_it_does_by_itself(small, monkeypatch):
    monkeypatch.setattr(loss_module, "normal", shared_noise)
    members = [small.member(seed=seed) for seed in range(3)]
    norms = []

    class Norms(small.Spy):
        def on_grad_computed(self, net, **kwargs):
            norms.append(gradient_norm(net.module_.parameters()).item())

    together, _ = run(
        small,
        module=ensemble_of(*members),
        members=members_of(small, small.module(3)),
        callbacks=[("norms", Norms())],
        edit_weight=0.0,
    )
    # The gradients of all members are clipped together, but none is here.
    assert max(norms) < MAX_GRADIENT_NORM * math.sqrt(3)
    own = ("encoder", "decoder", "label_model", "likelihood")
    for member, trained in zip(members, together.members, strict=True):
        by_itself, _ = run(small, module=ensemble_of(member), edit_weight=0.0)
        torch.testing.assert_close(
            parts(by_itself, *own), parts(Ensemble(trained), *own), rtol=0, atol=1e-8
        )


# modules and rows


def test_missing_values_that_the_module_does_not_expect_are_left_out(small):
    rows = small.rows(8, 32)
    rows.x[::3, 1] = torch.nan
    for edits_from in (0.0, 1.0):
        _, result = run(small, rows=rows, edits_from=edits_from)
        assert np.isfinite([epoch["bound"] for epoch in result.history]).all()


def test_modules_that_a_prediction_left_in_evaluation_mode_train_in_training_mode(small):
    module = small.module(2)
    modes = []
    for member in module.members:
        # A hook is a reason to call a module as it is.
        member.encoder.body.register_forward_hook(lambda m, *_: modes.append(m.training))
    run(small, module=module.eval())
    assert modes
    assert all(modes)


def test_callbacks_of_the_user_are_called(small):
    spy = small.Spy()
    run(small, callbacks=[("spy", spy)], n_epochs=2)
    assert len(spy.epochs) == 2


def test_only_its_callback_shows_a_bar(small, capsys):
    run(small, n_epochs=1)
    assert capsys.readouterr().err == ""
    progress = DelayedProgress(module_score, always=True)
    run(small, n_epochs=1, callbacks=[("progress", progress)])
    assert "accuracy=" in capsys.readouterr().err


def test_module_without_labels_trains(small):
    rows = small.rows(0, 20)
    rows.codes = rows.codes[:, :0]
    module = small.module(2, n_values=())
    progress = DelayedProgress(module_score, always=True)
    _, result = run(small, rows=rows, module=module, callbacks=[("progress", progress)])
    assert np.isfinite([epoch["bound"] for epoch in result.history]).all()


def test_accuracy_is_weighted_and_over_observed_labels(small):
    module = small.module(n_values=(2, 2))
    x = torch.randn(4, 4, generator=small.seeded(), dtype=torch.float64)
    predicted = module.log_class_probabilities(x).argmax(-1)
    codes = predicted.clone()
    codes[0, 0] = 1 - codes[0, 0]
    codes[1] = -1
    codes[2, 1] = -1
    codes[3] = 1 - codes[3]
    weight = torch.tensor([1.0, 5.0, 2.0, 0.5], dtype=torch.float64)
    rows = Rows(x, codes, weight)
    # Correct are labels with weights 1 and 2; wrong are those with 1, 0.5 and 0.5.
    assert module_score(module, rows) == pytest.approx(3 / 5)


@pytest.mark.parametrize("training", [True, False])
def test_accuracy_is_computed_in_evaluation_mode_and_restores_the_mode(small, training):
    module = small.module().train(training)
    modes = []
    module.encoder.register_forward_hook(lambda m, *_: modes.append(m.training))
    module_score(module, small.rows(5, 0))
    assert modes == [False]
    assert module.training == training
