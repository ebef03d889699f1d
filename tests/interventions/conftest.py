"""Models of one member, whose edits can be compared with those of its latent codes."""

import pytest


@pytest.fixture(scope="session")
def trained_classifier(quick_classifier):
    """Function that makes classifiers that learn the blobs; it takes parameters."""
    options = {"max_iter": 30, "batch_size": 20, "learning_rate_init": 0.01}
    return lambda **changes: quick_classifier(**{**options, **changes})


@pytest.fixture(scope="session")
def single_model(trained_classifier, few_blobs):
    """A classifier of the blobs with one member; tests must not change it."""
    return trained_classifier(n_members=1).fit(*few_blobs)


@pytest.fixture(scope="session")
def single_two_labels_model(trained_classifier, two_labels):
    """A classifier of two labels with one member; tests must not change it."""
    return trained_classifier(n_members=1).fit(*two_labels)
