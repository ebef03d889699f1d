"""scikit-learn's own checks of estimators."""

from sklearn.utils.estimator_checks import parametrize_with_checks

from sklearn_revae import ReVAEClassifier, ReVAETransformer

# Each check fits small data many times over: short training is enough for them.
SHORT = {"max_iter": 100, "hidden_layer_sizes": (32,), "random_state": 0}


def expected_failures(estimator):
    """Checks that cannot pass, each with its reason."""
    other_draws = (
        "a repeated row and one of double weight meet other batches and noise; "
        "scikit-learn runs MLPClassifier through it with the solver 'lbfgs' alone"
    )
    reasons = {
        "check_sample_weight_equivalence_on_dense_data": other_draws,
        "check_sample_weight_equivalence_on_sparse_data": other_draws,
    }
    if isinstance(estimator, ReVAEClassifier) and estimator.unlabeled_value == -1:
        reasons["check_classifiers_classes"] = (
            "it passes -1 as a class, which marks unlabelled rows here"
        )
    return reasons


@parametrize_with_checks(
    [
        ReVAEClassifier(**SHORT),
        ReVAEClassifier(**SHORT, unlabeled_value=None),
        ReVAETransformer(**SHORT),
    ],
    expected_failed_checks=expected_failures,
)
def test_scikit_learn_checks(estimator, check):
    check(estimator)
