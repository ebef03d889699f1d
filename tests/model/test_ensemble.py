"""An ensemble: its predictions are the mean of its members', the rest is the first's."""

import pytest
import torch

from sklearn_revae._model.build import Architecture, build_model
from sklearn_revae._model.ensemble import Ensemble
from sklearn_revae._model.families import Column
from sklearn_revae._model.revae import ReVAE


@pytest.fixture
def members(tiny):
    return [tiny.model(seed=seed) for seed in (7, 8, 9)]


@pytest.fixture
def ensemble(members):
    first, *others = members
    return Ensemble(first, others)


def build(n_members, seed=0):
    generator = torch.Generator().manual_seed(seed)
    columns = [Column("gaussian")] * 3
    architecture = Architecture((4,), 2, 1)
    return build_model(columns, False, None, [2, 3], architecture, n_members, generator)


def test_probabilities_are_the_mean_over_the_members(tiny, members, ensemble):
    x = tiny.x("gaussian", 6)
    each = torch.stack([member.log_class_probabilities(x).exp() for member in members])
    mean = ensemble.log_class_probabilities(x).exp()
    torch.testing.assert_close(mean, each.mean(0), rtol=1e-12, atol=1e-15)
    assert (each.std(0)[..., 0] > 1e-2).all()
    torch.testing.assert_close(mean.sum(-1), torch.ones_like(mean[..., 0]))


def test_a_temperature_changes_the_confidence_of_a_label(tiny, members, ensemble):
    x = tiny.x("gaussian", 6)
    before = ensemble.log_class_probabilities(x).exp()
    ensemble.set_measured(torch.tensor([2.0, 1.0]))
    after = ensemble.log_class_probabilities(x).exp()
    expected = before[:, 0].sqrt() / before[:, 0].sqrt().sum(-1, keepdim=True)
    torch.testing.assert_close(after[:, 0], expected)
    torch.testing.assert_close(after[:, 1], before[:, 1])
    assert all(m.label_model.temperature[0] == 2 for m in members)


def test_padded_values_have_probability_exactly_zero(tiny, ensemble):
    probabilities = ensemble.log_class_probabilities(tiny.x("gaussian", 6)).exp()
    assert (probabilities[:, 0, 2] == 0).all()


def test_probabilities_of_each_member_come_in_the_order_of_the_members(
    tiny, members, ensemble
):
    x = tiny.x("gaussian", 6)
    each = ensemble.member_predictions(x)
    for member, log_probabilities in zip(members, each, strict=True):
        assert torch.equal(log_probabilities, member.predictions(x))


def test_a_single_member_predicts_exactly_what_it_predicts(tiny, members):
    x = tiny.x("gaussian", 6)
    alone = Ensemble(members[0])
    expected = members[0].predictions(x)
    assert torch.equal(alone.log_class_probabilities(x), expected)
    assert torch.equal(alone.member_predictions(x), expected[None])


def test_latents_and_reconstructions_are_those_of_the_first_member(
    tiny, members, ensemble
):
    x = tiny.x("gaussian", 6)
    mean, scale = ensemble.encode(x)
    expected_mean, expected_scale = members[0].encode(x)
    assert torch.equal(mean, expected_mean)
    assert torch.equal(scale, expected_scale)
    assert torch.equal(ensemble.expected_row(mean), members[0].expected_row(mean))


def test_it_is_its_own_first_member(members, ensemble):
    assert ensemble.members[0] is ensemble
    assert isinstance(ensemble, ReVAE)
    assert ensemble.encoder is members[0].encoder
    assert ensemble.label_model is members[0].label_model
    assert ensemble.members[1:] == members[1:]


def test_every_parameter_is_listed_once(members, ensemble):
    # Were the first member kept a second time, files would hold its weights twice.
    values = ensemble.state_dict(keep_vars=True).values()
    assert len({id(value) for value in values}) == len(values)
    n_parameters = sum(len(list(member.parameters())) for member in members)
    assert len(list(ensemble.parameters())) == n_parameters


def test_set_prior_reaches_every_member(ensemble):
    counts = [torch.tensor([8.0, 0.0]), torch.tensor([0.0, 1.0, 2.0])]
    exclusions = ((0, 1, 1, 2, 0),)
    ensemble.set_prior(counts, exclusions)
    for member in ensemble.members:
        prior = member.label_model.log_prior.exp()
        expected = torch.tensor([[9 / 10, 1 / 10, 0], [1 / 6, 2 / 6, 3 / 6]])
        torch.testing.assert_close(prior, expected.double())
        assert member.label_model.exclusions == exclusions


@pytest.mark.parametrize("n_members", [1, 4])
def test_it_is_built_with_the_requested_number_of_members(n_members):
    assert len(build(n_members).members) == n_members


def test_members_have_one_architecture_and_other_initial_weights():
    ensemble = build(3)
    # The ensemble, which is the first member, lists the parameters of the others too.
    first, second, third = (dict(m.named_parameters()) for m in ensemble.members)
    for name, parameter in second.items():
        assert first[name].shape == parameter.shape == third[name].shape
        if name.endswith(("weight", "means")):
            assert not torch.equal(first[name], parameter)
            assert not torch.equal(third[name], parameter)


def test_the_first_members_weights_do_not_depend_on_the_number_of_members():
    one, three = build(1), build(3)
    for name, value in one.state_dict().items():
        assert torch.equal(three.state_dict()[name], value)


def test_initial_weights_only_depend_on_the_seed():
    first, same, other = (build(3, seed).state_dict() for seed in (0, 0, 1))
    assert all(torch.equal(first[name], same[name]) for name in first)
    assert not torch.equal(
        first["others.1.encoder.head.weight"], other["others.1.encoder.head.weight"]
    )


@pytest.mark.parametrize(("image", "factor"), [(None, 1.0), ((16, 16), 2.0)])
def test_classes_start_further_apart_in_networks_for_images(image, factor):
    columns = [Column("shared_gaussian")] * 256
    generator = torch.Generator().manual_seed(0)
    architecture = Architecture((4,), 3, 1)
    module = build_model(columns, False, image, [3], architecture, 1, generator)
    distances = torch.pdist(module.label_model.means[0])
    torch.testing.assert_close(distances, torch.full_like(distances, 4.0 * factor))
