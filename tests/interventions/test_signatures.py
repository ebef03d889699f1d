"""Functions for a Pipeline have the signatures and the documentation of the methods."""

import inspect
import re

import pytest

from sklearn_revae import ReVAEClassifier, intervene, swap, traverse

FUNCTIONS = pytest.mark.parametrize(
    ("function", "method"),
    [
        (intervene, ReVAEClassifier.intervene),
        (swap, ReVAEClassifier.swap),
        (traverse, ReVAEClassifier.traverse),
    ],
    ids=["intervene", "swap", "traverse"],
)


def _sections(function):
    """The text of each section of a docstring, by its title."""
    parts = re.split(r"^(\S.*)\n-+\n", inspect.getdoc(function), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def _entries(function):
    """The text about each parameter, by its name."""
    parts = re.split(r"^(\w+) : ", _sections(function)["Parameters"], flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


@FUNCTIONS
def test_the_signature_is_that_of_the_method(function, method):
    first, *others = inspect.signature(function).parameters.values()
    assert first.name == "pipeline"
    assert others == list(inspect.signature(method).parameters.values())[1:]


@FUNCTIONS
def test_every_parameter_is_documented_in_order(function, method):
    assert list(_entries(function)) == list(inspect.signature(function).parameters)


@FUNCTIONS
def test_sections_are_those_of_the_method_in_the_order_of_numpydoc(function, method):
    order = ["Parameters", "Returns", "Raises", "See Also", "Notes", "References"]
    titles = list(_sections(function))
    assert set(titles) == {*_sections(method), "See Also"}
    assert titles == [title for title in [*order, "Examples"] if title in titles]


def test_shared_parameters_have_the_text_of_the_method():
    own, other = _entries(intervene), _entries(ReVAEClassifier.intervene)
    for name in ("do", "method", "strength", "bounds", "direction", "n_samples"):
        assert own[name].split() == other[name].split()
    for name in ("X", "keep"):
        assert own[name].split() != other[name].split()


def test_an_unknown_argument_is_refused(blobs, blobs_model):
    for function, argument in ((intervene, 1), (swap, blobs[0]), (traverse, 0)):
        with pytest.raises(TypeError, match="unexpected keyword argument 'strengh'"):
            function(blobs_model, blobs[0], argument, strengh=0.5)
