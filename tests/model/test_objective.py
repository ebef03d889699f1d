"""The value of the ELBO against brute force, for every mixture of observed labels."""

import pytest
import torch

from sklearn_revae._model.objective import evidence_bound

FAMILIES = ["gaussian", "bernoulli"]


@pytest.mark.parametrize("family", FAMILIES)
def test_value_is_the_elbo_of_the_paper(tiny, family):
    model, codes = tiny.model(family), tiny.all_codes()
    x = tiny.x(family, len(codes))
    with torch.no_grad():
        bound = tiny.bound(model, x, codes, 14)
        expected = [
            tiny.reference(model, *row, n_nodes=18).bound()
            for row in zip(x, codes, strict=True)
        ]
    torch.testing.assert_close(bound.value(), torch.stack(expected), rtol=0, atol=1e-6)


def test_label_weight_only_multiplies_the_classifier(tiny):
    model, codes = tiny.model(), tiny.all_codes()
    x = tiny.x("gaussian", len(codes))
    with torch.no_grad():
        value = tiny.bound(model, x, codes, 14).value(label_weight=30.0)
        expected = [
            tiny.reference(model, *row, n_nodes=18).bound(label_weight=30.0)
            for row in zip(x, codes, strict=True)
        ]
    torch.testing.assert_close(value, torch.stack(expected), rtol=0, atol=1e-6)


def test_labels_with_several_dimensions(tiny):
    model = tiny.model(n_values=(3,), label_dim=2)
    codes = tiny.all_codes((3,))
    x = tiny.x("gaussian", len(codes))
    with torch.no_grad():
        value = tiny.bound(model, x, codes, 14).value()
        expected = [
            tiny.reference(model, *row, n_nodes=18).bound()
            for row in zip(x, codes, strict=True)
        ]
    torch.testing.assert_close(value, torch.stack(expected), rtol=0, atol=1e-6)


@pytest.mark.parametrize("n_decoded", [1, 3, 5])
@pytest.mark.parametrize("family", FAMILIES)
def test_estimate_is_the_mean_over_samples(tiny, family, n_decoded):
    model, codes = tiny.model(family), tiny.all_codes()
    x = tiny.x(family, len(codes))
    log_weights = torch.full((5,), 1 / 5, dtype=torch.float64).log()

    def posterior():
        mean, scale = model.encode(x)
        generator = torch.Generator().manual_seed(0)
        return mean, scale, torch.randn(5, *mean.shape, generator=generator).double()

    bound = evidence_bound(model, x, codes, *posterior(), n_decoded=n_decoded)
    mean, scale, noise = posterior()
    terms = tiny.sample_terms(model, x, codes, mean, scale, noise)
    terms.log_likelihood = terms.log_likelihood[:n_decoded]
    expected = tiny.integrate(model, codes, mean, scale, terms, log_weights)
    for term, expected_term in zip(bound, expected, strict=True):
        torch.testing.assert_close(term, expected_term)
    torch.testing.assert_close(
        tiny.gradient(bound.value().sum(), model),
        tiny.gradient(expected.value().sum(), model),
    )
