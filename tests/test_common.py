"""scikit-learn's checks of estimators."""

from sklearn.base import clone
from sklearn.utils.estimator_checks import (
    check_classifiers_classes,
    parametrize_with_checks,
)

from sklearn_revae import (
    ReVAEClassifier,
    ReVAEImputer,
    ReVAERegressor,
    ReVAETransformer,
)

# Most checks ask how an estimator behaves, not how well it predicts.
SHORT = {
    "max_iter": 1,
    "batch_size": 100,
    "n_members": 2,
    "hidden_layer_sizes": (16,),
    "random_state": 0,
}
LONG = {"max_iter": 10, "batch_size": "auto", "learning_rate_init": 0.01}
LONGER = {"max_iter": 20, "batch_size": "auto"}
# Parameters for checks that need others.
CHANGES = {
    # These two require good predictions.
    "check_classifiers_train": LONG,
    "check_regressors_train": LONGER,
    # It sets max_iter to 1000.
    "check_class_weight_classifiers": {"early_stopping": True},
}


def expected_failures(estimator):
    """The checks that cannot pass, and the reasons."""
    other_batches = (
        "a sample of weight 2 is trained on in other batches and with other noise than "
        "a sample that is repeated; scikit-learn checks MLPClassifier only with the "
        "solver 'lbfgs'"
    )
    reasons = {
        "check_sample_weight_equivalence_on_dense_data": other_batches,
        "check_sample_weight_equivalence_on_sparse_data": other_batches,
    }
    if isinstance(estimator, ReVAEClassifier):
        reasons["check_classifiers_classes"] = (
            "it uses -1 as a class, which marks unlabelled samples here"
        )
    return reasons


@parametrize_with_checks(
    [
        ReVAEClassifier(**SHORT),
        ReVAERegressor(**SHORT),
        ReVAETransformer(**SHORT | {"n_members": 1}),
        ReVAEImputer(max_iter=2, random_state=0),
    ],
    expected_failed_checks=expected_failures,
)
def test_scikit_learn_checks(estimator, check):
    # Other checks are given the same object.
    estimator = clone(estimator).set_params(**CHANGES.get(check.func.__name__, {}))
    check(estimator)


def test_minus_one_is_a_class_if_nothing_marks_unlabelled_samples():
    model = ReVAEClassifier(**SHORT, unlabeled_value=None)
    check_classifiers_classes("ReVAEClassifier", model)
