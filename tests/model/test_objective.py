"""The value of the ELBO against brute force, for every mixture of observed labels."""

from dataclasses import fields

import pytest
import torch
from torch.distributions import kl_divergence

from sklearn_revae._model.objective import (
    evidence_bound,
    sample_posterior,
    sample_terms,
)

CASES = [
    (family, classifier, unlabeled_bound)
    for family in ("gaussian", "bernoulli")
    for classifier in ("bayes", "affine")
    for unlabeled_bound in ("marginal", "classifier")
]


@pytest.mark.parametrize(("family", "classifier", "unlabeled_bound"), CASES)
def test_value_is_the_elbo_of_the_paper(tiny, family, classifier, unlabeled_bound):
    model, codes = tiny.model(family, classifier), tiny.all_codes()
    x = tiny.x(family, len(codes))
    with torch.no_grad():
        bound = tiny.bound(model, x, codes, 14, unlabeled_bound=unlabeled_bound)
        expected = [
            tiny.reference(model, *row, n_nodes=18).bound(unlabeled_bound)
            for row in zip(x, codes, strict=True)
        ]
    torch.testing.assert_close(bound.value(), torch.stack(expected), rtol=0, atol=1e-6)


@pytest.mark.parametrize("classifier", ["bayes", "affine"])
def test_label_weight_only_multiplies_the_classifier(tiny, classifier):
    model, codes = tiny.model(classifier=classifier), tiny.all_codes()
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


def test_classifier_bound_is_looser_by_the_divergence_from_the_posterior(tiny):
    model, codes = tiny.model(classifier="affine"), tiny.all_codes()
    x = tiny.x("gaussian", len(codes))
    with torch.no_grad():
        marginal = tiny.bound(model, x, codes, 14, unlabeled_bound="marginal")
        classifier = tiny.bound(model, x, codes, 14, unlabeled_bound="classifier")
        gap = marginal.value() - classifier.value()
        for row in range(len(codes)):
            reference = tiny.reference(model, x[row], codes[row], n_nodes=18)
            expected = sum(
                reference.expectation(
                    kl_divergence(
                        reference.classifier(i), reference.posterior_of_label(i)
                    )
                )
                for i in reference.unobserved
            )
            assert abs(float(gap[row] - expected)) < 1e-6
    unobserved = (codes < 0).any(-1)
    assert (gap[unobserved] > 1e-2).all()


def test_bayes_classifier_makes_both_unlabeled_bounds_equal(tiny):
    model, codes = tiny.model(classifier="bayes"), tiny.all_codes()
    x = tiny.x("gaussian", len(codes))
    with torch.no_grad():
        marginal = tiny.bound(model, x, codes, 8, unlabeled_bound="marginal")
        classifier = tiny.bound(model, x, codes, 8, unlabeled_bound="classifier")
    torch.testing.assert_close(
        marginal.value(), classifier.value(), rtol=1e-12, atol=1e-12
    )


@pytest.mark.parametrize("n_decoded", [1, 3, 5])
@pytest.mark.parametrize(("family", "classifier", "unlabeled_bound"), CASES)
def test_estimate_is_the_mean_over_samples(
    tiny, family, classifier, unlabeled_bound, n_decoded
):
    model, codes = tiny.model(family, classifier), tiny.all_codes()
    x = tiny.x(family, len(codes))
    log_weights = torch.full((5,), 1 / 5, dtype=torch.float64).log()

    def posterior():
        mean, scale = model.encode(x)
        z = sample_posterior(mean, scale, 5, torch.Generator().manual_seed(0))
        return mean, scale, z

    bound = evidence_bound(
        model,
        x,
        codes,
        *posterior(),
        n_decoded=n_decoded,
        unlabeled_bound=unlabeled_bound,
    )
    mean, scale, z = posterior()
    terms = sample_terms(model, x, codes, mean, scale, z, n_decoded, unlabeled_bound)
    expected = tiny.integrate(model, codes, mean, scale, terms, log_weights)
    for field in fields(bound):
        torch.testing.assert_close(
            getattr(bound, field.name), getattr(expected, field.name)
        )
    torch.testing.assert_close(
        tiny.gradient(bound.value().sum(), model),
        tiny.gradient(expected.value().sum(), model),
    )
