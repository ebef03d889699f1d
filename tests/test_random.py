"""Streams of random numbers: independent of each other, the same everywhere."""

import pytest
import torch

from sklearn_revae._random import FitSeeds, generator, spawn_seeds


def test_streams_are_numpys_and_stay_the_same():
    # These numbers decide all models: another seed gives another model.
    assert FitSeeds.of(0) == (3757552657, 673228719, 3241444873, 3685993406)
    assert spawn_seeds((7, 0), 2) == spawn_seeds((7, 0), 3)[:2]


@pytest.mark.parametrize("other", [(1, 3), (0, 4), 0])
def test_streams_of_other_seeds_and_calls_are_others(other):
    assert not set(spawn_seeds((0, 3), 4)) & set(spawn_seeds(other, 4))


def test_a_seed_of_a_stream_serves_numpy_and_torch():
    (seed,) = spawn_seeds(3, 1)
    assert 0 <= seed < 2**32
    drawn = [torch.rand(2, generator=generator(seed)) for _ in range(2)]
    torch.testing.assert_close(*drawn, rtol=0, atol=0)


@pytest.fixture
def seeds_of_generators(monkeypatch):
    """The seeds that torch's generators have got, in order."""
    seeds = []

    class Watched(torch.Generator):
        def manual_seed(self, seed):
            seeds.append(seed)
            return super().manual_seed(seed)

    monkeypatch.setattr(torch, "Generator", Watched)
    return seeds


def test_weights_orders_and_noises_have_streams_of_their_own(
    seeds_of_generators, few_blobs, quick_classifier
):
    model = quick_classifier(edit_weight=1.0).fit(*few_blobs)
    # The draws of scores are the same in every fit; their seed is 0.
    used = [seed for seed in seeds_of_generators if seed != 0]
    # Initial weights; order and noise of the training, and of what follows it for edits.
    assert len(used) == len(set(used)) == 5
    model.partial_fit(*few_blobs).partial_fit(*few_blobs)
    used = [seed for seed in seeds_of_generators if seed != 0]
    assert len(used) == len(set(used)) == 5 + 2 * 4
