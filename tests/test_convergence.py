"""A fit that max_iter ended far too soon warns, and says how many steps it needs."""

import warnings

import pytest
from sklearn.exceptions import ConvergenceWarning
from sklearn.pipeline import make_pipeline

MESSAGE = (
    r"^max_iter=3 stopped training after 6 steps, but about 250 are needed\. Increase "
    r"max_iter, or leave it at 'auto'\.$"
)


@pytest.fixture
def no_warning():
    """Turn the warning into an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)
        yield


def test_far_too_few_epochs_are_warned_of(few_blobs, quick_classifier):
    with pytest.warns(ConvergenceWarning, match=MESSAGE) as caught:
        model = quick_classifier(max_iter=3).fit(*few_blobs)
    assert model.n_iter_ == 3
    # It names the line that called fit, and not one of scikit-learn.
    assert caught[0].filename == __file__
    with pytest.warns(ConvergenceWarning, match=MESSAGE) as caught:
        make_pipeline(quick_classifier(max_iter=3)).fit(*few_blobs)
    assert caught[0].filename == __file__


def test_the_transformer_warns_too(blobs, quick_transformer):
    with pytest.warns(ConvergenceWarning, match=MESSAGE):
        quick_transformer(max_iter=3).fit(blobs[0])


@pytest.mark.usefixtures("no_warning")
def test_a_shorter_training_than_auto_is_not_warned_of(few_blobs, quick_classifier):
    # Two steps in each epoch, and "auto" makes 250.
    quick_classifier(max_iter=42, n_members=1).fit(*few_blobs)
    with pytest.raises(ConvergenceWarning):
        quick_classifier(max_iter=41, n_members=1).fit(*few_blobs)


@pytest.mark.usefixtures("no_warning")
def test_auto_and_training_in_parts_are_not_warned_of(few_blobs, quick_classifier):
    quick_classifier(max_iter=3).partial_fit(*few_blobs, classes=[0, 1, 2])
    model = quick_classifier(max_iter="auto", n_members=1, warm_start=True)
    model.fit(*few_blobs).set_params(max_iter=3).fit(*few_blobs)


@pytest.mark.usefixtures("no_warning")
def test_training_that_early_stopping_ended_is_not_warned_of(few_blobs, quick_classifier):
    model = quick_classifier(max_iter=33, early_stopping=True, n_iter_no_change=1)
    assert model.fit(*few_blobs).n_iter_ < 49
