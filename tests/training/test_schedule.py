"""The warm-up and the decay of the learning rate, and the rate of the noise scales."""

import math

import pytest

from sklearn_revae._training.net import NOISE_LEARNING_RATE_FACTOR, warmup_and_decay


def test_rises_linearly_stays_and_falls_along_half_a_cosine():
    factors = [warmup_and_decay(1000, 0.3)(step) for step in range(1001)]
    assert factors[:50] == pytest.approx([(step + 1) / 50 for step in range(50)])
    assert factors[50:701] == [1.0] * 651
    falling = [math.cos(math.pi * step / 600) ** 2 for step in range(301)]
    assert factors[700:] == pytest.approx(falling)


def test_may_fall_over_all_steps():
    factor = warmup_and_decay(1000, 1.0)
    for step in (50, 333, 900):
        assert factor(step) == pytest.approx(math.cos(math.pi * step / 2000) ** 2)


def test_stays_at_zero_after_the_last_step():
    assert warmup_and_decay(10, 0.3)(25) == 0


@pytest.mark.parametrize("n_steps", [1, 2, 7])
def test_few_steps_warm_up_in_one(n_steps):
    assert warmup_and_decay(n_steps, 1.0)(0) == 1


def test_rates_of_a_run_follow_the_schedule(small):
    net = small.net(small.module(), small.loss(), n_decay_steps=8, learning_rate=0.02)
    net.train(small.rows(4, 28), 2)
    recorded = net.history[:, "batches", :, "event_lr"]
    rates = [rate for epoch in recorded for rate in epoch]
    factor = warmup_and_decay(8, 1.0)
    # skorch records the rate of the first group, which holds the noise scales.
    expected = [0.02 * NOISE_LEARNING_RATE_FACTOR * factor(step) for step in range(8)]
    assert rates == pytest.approx(expected)


def test_noise_scales_have_their_own_learning_rate(small):
    net = small.net(small.module(), small.loss(), learning_rate=0.02)
    values = small.group_values(net, "lr")
    assert any(name.startswith("likelihood") for name, _ in values)
    for name, rate in values:
        factor = NOISE_LEARNING_RATE_FACTOR if name.startswith("likelihood") else 1
        assert rate == pytest.approx(0.02 * factor)


def test_likelihood_without_parameters_trains(small):
    net = small.net(small.module(family="bernoulli"), small.loss())
    rows = small.rows(4, 16)
    rows.x = rows.x.sigmoid()
    net.train(rows, 1)
    assert len(net.history) == 1
