"""A whole training run."""

import copy

import numpy as np
import pytest
import torch

from sklearn_revae._training.batches import Rows
from sklearn_revae._training.run import module_accuracy, train


def run(small, seed=0, rows=None, held_out=None, module=None, **settings):
    module = small.module() if module is None else module
    rows = small.rows(8, 32) if rows is None else rows
    return module, train(module, rows, held_out, small.settings(**settings), seed)


def test_same_seed_same_bits_and_another_seed_others(small):
    (a, first), (b, same), (c, _) = (run(small, seed) for seed in (0, 0, 1))
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
    assert module_accuracy(module, rows) > 0.9
    assert result.history[-1]["bound"] > result.history[0]["bound"] + 1


def test_without_a_number_of_epochs_enough_epochs_and_steps_are_trained(small):
    least = {"n_epochs": None, "min_epochs": 4, "min_steps": 30}
    # An epoch has two steps, then ten.
    _, few_steps = run(small, rows=small.rows(0, 20), **least)
    _, many_steps = run(small, rows=small.rows(0, 100), **least)
    assert len(few_steps.history) == 15
    assert len(many_steps.history) == 4


@pytest.mark.parametrize("decay", [True, False])
def test_learning_rate_decays_to_zero_or_not_at_all(small, decay):
    _, result = run(small, decay=decay)
    rates = [group["lr"] for group in result.optimizer_state["param_groups"]]
    expected = [0.0, 0.0] if decay else [0.1, 0.01]
    assert rates == pytest.approx(expected, abs=1e-9)


def steps(optimizer_state):
    (n,) = {int(state["step"]) for state in optimizer_state["state"].values()}
    return n


def train_further(small, module, optimizer_state):
    settings = small.settings(decay=False, n_epochs=3)
    return train(module, small.rows(8, 32), None, settings, 1, optimizer_state)


def test_optimizer_continues_from_its_state(small):
    module, first = run(small, decay=False, n_epochs=2)
    n_steps = steps(first.optimizer_state)
    second = train_further(small, module, first.optimizer_state)
    assert steps(second.optimizer_state) == n_steps // 2 * 5


def test_continuing_does_not_change_the_given_optimizer_state(small):
    module, first = run(small, decay=False, n_epochs=2)
    before = copy.deepcopy(first.optimizer_state)
    train_further(small, module, first.optimizer_state)
    for index, state in before["state"].items():
        for name, value in state.items():
            assert torch.equal(first.optimizer_state["state"][index][name], value)


def test_early_stopping_scores_held_out_rows_and_keeps_the_best(small):
    held_out = small.rows(20, 0)
    module, result = run(
        small, held_out=held_out, monitor="validation_score", patience=3, n_epochs=60
    )
    scores = [epoch["validation_score"] for epoch in result.history]
    assert len(scores) < 60
    assert module_accuracy(module, held_out) == max(scores)


def test_callbacks_of_the_user_are_called(small):
    spy = small.Spy()
    run(small, callbacks=[("spy", spy)], n_epochs=2)
    assert len(spy.epochs) == 2


def test_only_verbose_shows_a_bar(small, capsys):
    run(small, n_epochs=1)
    assert capsys.readouterr().err == ""
    run(small, n_epochs=1, verbose=True)
    assert "accuracy=" in capsys.readouterr().err


@pytest.mark.parametrize("classifier", ["bayes", "affine"])
def test_module_without_labels_trains(small, classifier):
    rows = small.rows(0, 20)
    rows.codes = rows.codes[:, :0]
    module = small.module(n_values=(), classifier=classifier)
    _, result = run(small, rows=rows, module=module, verbose=True)
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
    assert module_accuracy(module, rows) == pytest.approx(3 / 5)


@pytest.mark.parametrize("training", [True, False])
def test_accuracy_is_computed_in_evaluation_mode_and_restores_the_mode(small, training):
    module = small.module().train(training)
    modes = []
    module.encoder.register_forward_hook(lambda m, *_: modes.append(m.training))
    module_accuracy(module, small.rows(5, 0))
    assert modes == [False]
    assert module.training == training
