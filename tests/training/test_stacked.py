"""Stacked members: a function mapped over them gives what a Python loop gives."""

import copy

import pytest
import torch
from torch import nn

from sklearn_revae._model.build import Architecture, build_model
from sklearn_revae._model.families import Column
from sklearn_revae._training.stacked import Stacked


def values_of(model, own, shared):
    """Two results that depend on all of a member's parameters."""
    z, _ = model.encode(shared + own)
    blocks = model.blocks(z)
    decoded = model.likelihood.log_prob(model.decode(z), shared)
    return decoded, model.label_model.log_marginal(blocks)


@pytest.fixture
def inputs(small):
    """An input for each of three members, and one that they share."""
    draws = torch.randn(4, 5, small.n_columns, generator=small.seeded()).double()
    return draws[:3].requires_grad_(), draws[3]


def gradients(results, module, own):
    total = sum(result.square().sum() for result in results)
    return torch.autograd.grad(total, [own, *module.parameters()])


def by_place(gradients, module):
    """Gradients of an ensemble's parameters stacked by member, by their place in one."""
    of = {id(p): g for p, g in zip(module.parameters(), gradients, strict=True)}
    named = [dict(member.named_parameters()) for member in module.members]
    return {
        name: torch.stack([of[id(parameters[name])] for parameters in named])
        for name in named[1]
    }


def assert_same_as_loop(results, loop):
    for result, expected in zip(results, loop, strict=True):
        torch.testing.assert_close(result, expected)


def loop_over(module, own, shared):
    each = [values_of(m, row, shared) for m, row in zip(module.members, own, strict=True)]
    return [torch.stack(results) for results in zip(*each, strict=True)]


def test_map_gives_what_a_loop_over_the_members_gives(small, inputs):
    module, (own, shared) = small.module(3), inputs
    results = Stacked(module).map(values_of, (own,), (shared,))
    assert_same_as_loop(results, loop_over(module, own, shared))
    assert (results[0].std(0) > 1e-3).all()


def test_gradients_are_those_of_a_loop_over_the_members(small, inputs):
    module, (own, shared) = small.module(3), inputs
    stacked = Stacked(module)
    of_own, *of_stacked = gradients(
        stacked.map(values_of, (own,), (shared,)), stacked, own
    )
    expected_own, *expected = gradients(loop_over(module, own, shared), module, own)
    torch.testing.assert_close(of_own, expected_own)
    expected = by_place(expected, module)
    names = [name.removeprefix("member.") for name, _ in stacked.named_parameters()]
    assert sorted(names) == sorted(expected)
    for name, gradient in zip(names, of_stacked, strict=True):
        torch.testing.assert_close(gradient, expected[name])


def test_a_single_member_gives_what_it_gives_by_itself(small, inputs, monkeypatch):
    # It is not mapped, so that it may do what torch cannot map.
    monkeypatch.setattr("sklearn_revae._training.stacked.vmap", None)
    module, (own, shared) = small.module(1), inputs
    stacked, own = Stacked(module), own[:1]
    results = stacked.map(values_of, (own,), (shared,))
    assert_same_as_loop(results, loop_over(module, own, shared))
    of_stacked = gradients(results, stacked, own)
    expected = gradients(loop_over(module, own, shared), module, own)
    for gradient, of_module in zip(of_stacked, expected, strict=True):
        torch.testing.assert_close(gradient.view_as(of_module), of_module)


def test_a_function_may_return_one_tensor(small, inputs):
    module, (own, _) = small.module(3), inputs
    means = Stacked(module).map(lambda member, x: member.encode(x)[0], (own,))
    for member, x, mean in zip(module.members, own, means, strict=True):
        torch.testing.assert_close(mean, member.encode(x)[0])


@pytest.mark.parametrize("n_members", [1, 3])
def test_frozen_gradients_reach_the_inputs_only(small, inputs, n_members):
    own, shared = inputs
    stacked, own = small.stacked(n_members), own[:n_members]
    frozen = stacked.map(values_of, (own,), (shared,), frozen=True)
    trained = stacked.map(values_of, (own,), (shared,))
    assert_same_as_loop(frozen, trained)
    total = frozen[0].sum()
    (of_own,) = torch.autograd.grad(total, own, retain_graph=True)
    (expected,) = torch.autograd.grad(trained[0].sum(), own)
    torch.testing.assert_close(of_own, expected)
    of_parameters = torch.autograd.grad(
        total, list(stacked.parameters()), allow_unused=True
    )
    assert of_parameters == (None,) * len(of_parameters)


@pytest.mark.parametrize("n_members", [1, 3])
def test_parameters_are_in_place_after_a_function_has_failed(small, n_members):
    stacked = small.stacked(n_members)
    before = dict(stacked.named_parameters())

    def fail(member):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        stacked.map(fail, ())
    after = dict(stacked.named_parameters())
    assert after.keys() == before.keys()
    assert all(after[name] is parameter for name, parameter in before.items())


def test_each_parameter_has_a_leading_axis_of_members(small):
    module = small.module(3)
    members = [dict(member.named_parameters()) for member in module.members]
    for name, parameter in Stacked(module).member.named_parameters():
        assert torch.equal(parameter, torch.stack([m[name] for m in members]))


def test_it_predicts_what_the_ensemble_predicts(small):
    for n_members in (1, 3):
        module = small.module(n_members)
        x = small.rows(3, 3).x
        torch.testing.assert_close(
            Stacked(module).log_class_probabilities(x), module.log_class_probabilities(x)
        )


def test_trained_weights_reach_the_ensemble_by_write_back_only(small):
    module, x = small.module(3), small.rows(3, 3).x
    stacked = Stacked(module)
    before = module.log_class_probabilities(x)
    with torch.no_grad():
        for parameter in stacked.parameters():
            parameter.add_(torch.randn(parameter.shape, generator=small.seeded()))
    after = stacked.log_class_probabilities(x)
    assert torch.equal(module.log_class_probabilities(x), before)
    assert not torch.allclose(after, before)
    stacked.write_back(module)
    torch.testing.assert_close(module.log_class_probabilities(x), after)


def test_write_back_sets_the_buffers_of_every_member(small):
    module = small.module(3)
    stacked = Stacked(module)
    stacked.label_model.set_prior([torch.tensor([8.0, 0.0])])
    stacked.write_back(module)
    for member in module.members:
        torch.testing.assert_close(
            member.label_model.log_prior.exp(), torch.tensor([[0.9, 0.1]]).double()
        )


def test_restored_weights_are_those_that_are_mapped(small):
    stacked, x = small.stacked(3), small.rows(3, 3).x
    state = copy.deepcopy(stacked.state_dict())
    before = stacked.log_class_probabilities(x)
    with torch.no_grad():
        for parameter in stacked.parameters():
            parameter.mul_(1.5)
    assert not torch.equal(stacked.log_class_probabilities(x), before)
    stacked.load_state_dict(state)
    assert torch.equal(stacked.log_class_probabilities(x), before)


def test_a_copy_maps_its_own_weights(small):
    stacked, x = small.stacked(3), small.rows(3, 3).x
    copied = copy.deepcopy(stacked)
    before = copied.log_class_probabilities(x)
    with torch.no_grad():
        for parameter in stacked.parameters():
            parameter.mul_(1.5)
    assert torch.equal(copied.log_class_probabilities(x), before)


class _Tied(nn.Module):
    """Two layers with one matrix of weights."""

    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Linear(4, 4), nn.Linear(4, 4)
        self.second.weight = self.first.weight

    def forward(self, x):
        return self.second(torch.tanh(self.first(x)))


def with_encoder(encoder, n_members):
    architecture = Architecture((4,), 2, 1, encoder=encoder)
    columns = [Column("gaussian")] * 4
    generator = torch.Generator().manual_seed(0)
    return build_model(columns, False, None, [2], architecture, n_members, generator)


@pytest.mark.parametrize("n_members", [1, 3])
def test_weights_that_layers_share_are_trained_together(small, n_members):
    module, x = with_encoder(_Tied(), n_members), small.rows(3, 3).x.float()
    stacked = Stacked(module)
    body = stacked.member.encoder.body
    assert body.first.weight is body.second.weight
    with torch.no_grad():
        for parameter in stacked.parameters():
            parameter.mul_(1.5)
    expected = stacked.log_class_probabilities(x)
    stacked.write_back(module)
    torch.testing.assert_close(module.log_class_probabilities(x), expected)
    body = module.encoder.body
    assert body.first.weight is body.second.weight


def test_weights_that_the_user_froze_stay_frozen():
    encoder = nn.Sequential(nn.Linear(4, 4).requires_grad_(False), nn.Linear(4, 4))
    stacked = Stacked(with_encoder(encoder, 2))
    frozen = [name for name, p in stacked.named_parameters() if not p.requires_grad]
    assert frozen == [f"member.encoder.body.0.{name}" for name in ("weight", "bias")]
