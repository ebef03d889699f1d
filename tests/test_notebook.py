"""How notebooks show an estimator."""

import re
from email.message import Message

import pytest

from sklearn_revae import ReVAEClassifier, ReVAETransformer, _notebook
from sklearn_revae._notebook import documentation_address, training_end


@pytest.fixture
def documentation(monkeypatch):
    """Set the address of the documentation."""

    def setting(address):
        monkeypatch.setenv("SKLEARN_REVAE_DOCS", address)

    return setting


@pytest.mark.parametrize("cls", [ReVAEClassifier, ReVAETransformer])
def test_the_box_links_to_the_page_of_the_class(cls, documentation):
    documentation("https://docs.example/stable/")
    page = f"https://docs.example/stable/api/generated/sklearn_revae.{cls.__name__}.html"
    assert f'href="{page}"' in cls()._repr_html_()


def test_a_local_build_can_be_linked(documentation):
    documentation("file:///pages/{odd}/html")
    assert 'href="file:///pages/{odd}/html/api/' in ReVAEClassifier()._repr_html_()


def test_an_address_is_escaped(documentation):
    documentation('x"><script>alert(1)</script>')
    assert "<script>alert(1)" not in ReVAEClassifier()._repr_html_()


def test_without_an_address_there_is_no_link(documentation):
    documentation("")
    assert "href=" not in ReVAEClassifier()._repr_html_()


def test_the_address_comes_from_the_metadata_of_the_package(monkeypatch):
    installed = Message()
    installed["Project-URL"] = "Source, https://src.example"
    installed["Project-URL"] = "Documentation, https://docs.example/"
    monkeypatch.delenv("SKLEARN_REVAE_DOCS", raising=False)
    monkeypatch.setattr(_notebook, "metadata", lambda name: installed)
    assert documentation_address() == "https://docs.example"


def test_the_box_tells_how_training_ended(few_blobs):
    X, y = few_blobs
    model = ReVAEClassifier((8,), max_iter=3, random_state=0).fit(X, y)
    html = model._repr_html_()
    last = f"{model.loss_curve_[-1]:.4g}"
    assert (
        f"Trained for 3 epochs, with a loss of {last} nats per sample at the end." in html
    )
    assert "topped early" not in html
    assert html == _without_ids(model._repr_mimebundle_()["text/html"], html)
    assert "Trained for" not in ReVAEClassifier()._repr_html_()


def _without_ids(new, old):
    """`new` with the numbers of `old`, because every box has its own number."""
    return re.sub(
        r"sk-(container|estimator)-id-\d+",
        lambda found: re.search(rf"sk-{found[1]}-id-\d+", old)[0],
        new,
    )


def _epochs(*scores):
    return [
        {"epoch": i + 1, "bound": -9.0 + i, "validation_score": score}
        for i, score in enumerate(scores)
    ]


def test_the_sentences_tell_which_weights_were_kept():
    history = _epochs(0.5, 0.8, 0.8, 0.7)
    assert training_end(history, "validation_score", 2) == [
        "Trained for 4 epochs, with a loss of 6 nats per sample at the end.",
        "Stopped early; the weights are those of epoch 2, with a validation_score of "
        "0.8.",
    ]
    assert training_end(history, "validation_score", 3)[1].startswith("Not stopped")


def test_only_the_last_run_matters_after_a_warm_start():
    history = _epochs(0.9, 0.2) + _epochs(0.4, 0.6)
    sentence = training_end(history, "validation_score", 1)[1]
    assert sentence.startswith("Not stopped early; the weights are those of epoch 4")


def test_early_stopping_is_reported_if_training_stopped_early(few_blobs):
    X, y = few_blobs
    model = ReVAEClassifier(
        (8,), max_iter=60, early_stopping=True, n_iter_no_change=3, random_state=0
    ).fit(X, y)
    assert ("Stopped early" in model._repr_html_()) == (model.n_iter_ < 60)


def test_a_loss_that_is_not_finite_is_reported():
    assert "no finite loss" in training_end([{"epoch": 1}], None, 10)[0]


def test_a_fitted_estimator_is_printed_with_its_parameters(few_blobs):
    X, y = few_blobs
    model = ReVAEClassifier((8,), max_iter=1, random_state=0).fit(X, y)
    assert repr(model) == (
        "ReVAEClassifier(hidden_layer_sizes=(8,), max_iter=1, random_state=0)"
    )
