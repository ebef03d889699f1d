"""A loss or gradient that is not finite: steps are skipped, and training restarts."""

import math

import pytest
import torch

from sklearn_revae._training.net import (
    LEARNING_RATE_CUT,
    MAX_BAD_STEPS,
    MAX_RESTARTS,
    NonFiniteTrainingError,
    warmup_and_decay,
)

# An epoch has four steps, with batches of ten rows, a quarter of them labelled.
STEPS = 4
WARNING = "NaN or infinite"


@pytest.fixture
def rows(small):
    return small.rows(4, 32 - 4)


def rates(net):
    return [group["lr"] for group in net.optimizer_.param_groups]


def test_only_the_step_with_a_nan_loss_is_skipped(small, rows):
    spy = small.Spy()
    net = small.net(small.module(), small.loss_with_nan({3}), [("spy", spy)])
    net.train(rows, 2)
    unchanged = [torch.equal(a, b) for a, b in zip(spy.before, spy.after, strict=True)]
    assert unchanged == [step == 3 for step in range(1, 2 * STEPS + 1)]
    assert spy.after[-1].isfinite().all()
    steps = {int(state["step"]) for state in net.optimizer_.state.values()}
    assert steps == {2 * STEPS - 1}


def test_step_with_a_finite_loss_but_a_nan_gradient_is_skipped(small, rows):
    stacked = small.stacked()
    calls = []

    def nan_at_the_third_call(gradient):
        calls.append(gradient)
        return gradient * float("nan") if len(calls) == 3 else gradient

    stacked.decoder[-1].bias.register_hook(nan_at_the_third_call)
    spy = small.Spy()
    net = small.net(stacked, small.loss(), [("spy", spy)])
    net.train(rows, 2)
    unchanged = [torch.equal(a, b) for a, b in zip(spy.before, spy.after, strict=True)]
    assert unchanged == [step == 3 for step in range(1, 2 * STEPS + 1)]


def test_restart_returns_to_the_last_good_epoch_at_a_lower_rate(small, rows, monkeypatch):
    monkeypatch.setattr("sklearn_revae._training.net._STEPS_BETWEEN_COPIES", 1)
    # One good epoch and a good step, then bad steps up to the limit.
    first_bad = STEPS + 2
    bad = set(range(first_bad, first_bad + MAX_BAD_STEPS))
    spy = small.Spy()
    net = small.net(small.module(), small.loss_with_nan(bad), [("spy", spy)])
    before = rates(net)
    with pytest.warns(RuntimeWarning, match=WARNING):
        net.train(rows, 5)
    restarted = first_bad + MAX_BAD_STEPS - 2
    assert torch.equal(spy.after[restarted], spy.epochs[0])
    assert not torch.equal(spy.after[restarted - 1], spy.epochs[0])
    assert rates(net) == pytest.approx([LEARNING_RATE_CUT * rate for rate in before])
    assert net.restarts_ == 1
    # Adam starts from scratch, and only counts the steps since.
    steps = {int(state["step"]) for state in net.optimizer_.state.values()}
    assert steps == {5 * STEPS - restarted - 1}


def test_weights_are_copied_no_more_often_than_needed(small, rows, monkeypatch):
    monkeypatch.setattr("sklearn_revae._training.net._STEPS_BETWEEN_COPIES", 2 * STEPS)
    # Three good epochs, of which the second is the last that is copied.
    first_bad = 3 * STEPS + 1
    bad = set(range(first_bad, first_bad + MAX_BAD_STEPS))
    spy = small.Spy()
    net = small.net(small.module(), small.loss_with_nan(bad), [("spy", spy)])
    with pytest.warns(RuntimeWarning, match=WARNING):
        net.train(rows, 6)
    assert torch.equal(spy.after[first_bad + MAX_BAD_STEPS - 2], spy.epochs[1])


def test_restart_of_a_loss_without_a_bound_is_no_failure(small, rows):
    loss = small.loss_with_nan(range(1, 1 + MAX_BAD_STEPS), with_bound=False)
    net = small.net(small.module(), loss)
    with pytest.warns(RuntimeWarning, match=WARNING):
        net.train(rows, 5)
    assert net.restarts_ == 1


def test_restart_reduces_the_rates_of_the_schedule_too(small, rows):
    bad = set(range(2, 2 + MAX_BAD_STEPS))
    net = small.net(
        small.module(), small.loss_with_nan(bad), n_decay_steps=40, learning_rate=0.02
    )
    before = rates(net)
    with pytest.warns(RuntimeWarning, match=WARNING):
        net.train(rows, 5)
    factor = warmup_and_decay(40, 1.0)(5 * STEPS)
    expected = [rate * LEARNING_RATE_CUT * factor for rate in before]
    assert rates(net) == pytest.approx(expected)


def test_only_consecutive_bad_steps_cause_a_restart(small, rows):
    bad = set(range(1, 2 * MAX_BAD_STEPS)) - {MAX_BAD_STEPS}
    net = small.net(small.module(), small.loss_with_nan(bad))
    before = rates(net)
    net.train(rows, 6)
    assert net.restarts_ == 0
    assert rates(net) == before


def test_gives_up_after_the_last_restart(small, rows):
    loss = small.loss_with_nan(range(1, 10_000))
    stacked = small.stacked()
    before = small.weights(stacked)
    net = small.net(stacked, loss)
    with (
        pytest.warns(RuntimeWarning, match=WARNING) as warned,
        pytest.raises(NonFiniteTrainingError),
    ):
        net.train(rows, 1000)
    assert [warning.filename for warning in warned] == [__file__] * MAX_RESTARTS
    assert loss.n_calls == (MAX_RESTARTS + 1) * MAX_BAD_STEPS
    assert torch.equal(small.weights(stacked), before)
    assert rates(net)[0] == pytest.approx(0.1 * LEARNING_RATE_CUT**MAX_RESTARTS)


def test_history_omits_skipped_steps(small, rows):
    net = small.net(small.module(), small.loss_with_nan({2, 3}))
    net.train(rows, 1)
    assert math.isfinite(net.history[0, "bound"])
    assert math.isfinite(net.history[0, "weight_max"])


def test_history_omits_the_step_that_causes_a_restart(small, rows):
    bad = set(range(STEPS + 1, STEPS + 1 + MAX_BAD_STEPS))
    net = small.net(small.module(), small.loss_with_nan(bad))
    with pytest.warns(RuntimeWarning, match=WARNING):
        net.train(rows, 5)
    assert net.restarts_ == 1
    recorded = [epoch["bound"] for epoch in net.history if "bound" in epoch]
    assert all(math.isfinite(bound) for bound in recorded)
    # Two of the five epochs consist of bad steps only.
    assert len(recorded) == 3
