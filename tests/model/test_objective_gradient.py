"""The gradient of the ELBO against brute force, for every mixture of observed labels."""

import pytest
import torch

CASES = [
    (family, classifier, unlabeled_bound)
    for family in ("gaussian", "bernoulli")
    for classifier in ("bayes", "affine")
    for unlabeled_bound in ("marginal", "classifier")
]


@pytest.mark.parametrize(("family", "classifier", "unlabeled_bound"), CASES)
def test_gradient_is_that_of_the_elbo_of_the_paper(
    tiny, family, classifier, unlabeled_bound
):
    model, codes = tiny.model(family, classifier), tiny.all_codes()
    x = tiny.x(family, len(codes))
    for row in range(len(codes)):
        bound = tiny.bound(
            model,
            x[row : row + 1],
            codes[row : row + 1],
            12,
            unlabeled_bound=unlabeled_bound,
            detach_weight=False,
        )
        reference = tiny.reference(model, x[row], codes[row], n_nodes=16)
        torch.testing.assert_close(
            tiny.gradient(bound.value().sum(), model),
            tiny.gradient(reference.bound(unlabeled_bound), model),
            rtol=0,
            atol=2e-6,
        )


@pytest.mark.parametrize("unlabeled_bound", ["marginal", "classifier"])
def test_marginal_bound_does_not_train_an_untied_classifier(tiny, unlabeled_bound):
    model = tiny.model(classifier="affine")
    x, codes = tiny.x("gaussian", 2), torch.full((2, 2), -1)
    tiny.bound(
        model, x, codes, 6, unlabeled_bound=unlabeled_bound
    ).value().sum().backward()
    gradients = [p.grad for p in model.label_model.affine.parameters()]
    trained = any(g is not None and g.abs().max() > 1e-3 for g in gradients)
    assert trained == (unlabeled_bound == "classifier")
