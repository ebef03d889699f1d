"""Docstrings describe every parameter, every attribute and every return value."""

import ast
import inspect
import re

import pandas as pd
import pytest

from sklearn_revae import ReVAEClassifier, ReVAERegressor, ReVAETransformer

ESTIMATORS = [ReVAEClassifier, ReVAERegressor, ReVAETransformer]
WITHOUT_EXAMPLE = {"sklearn_revae.__version__"}


def _names(doc, section):
    """The names that a section of a numpydoc docstring describes, in order."""
    doc = inspect.cleandoc(doc)
    found = re.search(rf"^{section}\n-+\n(.*?)(?=^\S[^\n]*\n-+$|\Z)", doc, re.S | re.M)
    if found is None:
        return []
    # A continued line of types belongs to the previous entry.
    text = found.group(1).replace("\\\n", "")
    heads = [line.split(" : ")[0] for line in text.splitlines() if re.match(r"\S", line)]
    return [name.strip() for head in heads for name in head.split(",")]


def _methods():
    """Every public method that is defined in the package, once per estimator."""
    return [
        pytest.param(method, id=f"{cls.__name__}.{name}")
        for cls in ESTIMATORS
        for name, method in inspect.getmembers(cls, inspect.isfunction)
        if not name.startswith("_") and method.__module__.startswith("sklearn_revae")
    ]


@pytest.fixture(scope="module", params=ESTIMATORS, ids=lambda cls: cls.__name__)
def fitted(request, few_blobs):
    X, y = few_blobs
    X = pd.DataFrame(X, columns=list("abcd"))
    model = request.param((8,), max_iter=1, early_stopping=True, random_state=0)
    return model.fit(X, y)


def test_parameters_are_documented_in_order(fitted):
    signature = list(inspect.signature(type(fitted).__init__).parameters)[1:]
    assert _names(type(fitted).__doc__, "Parameters") == signature


def test_the_documented_defaults_are_those_of_the_signature(fitted):
    doc = inspect.cleandoc(type(fitted).__doc__)
    parameters = list(inspect.signature(type(fitted).__init__).parameters.values())[1:]
    for parameter in parameters:
        found = re.search(rf"^{parameter.name} : .*default=(.*)$", doc, re.M)
        assert found is not None, parameter.name
        assert ast.literal_eval(found.group(1)) == parameter.default


def test_every_fitted_attribute_is_documented(fitted):
    present = {
        name
        for name in {*vars(fitted), *dir(type(fitted))}
        if name.endswith("_") and not name.startswith("_")
    }
    assert present == set(_names(type(fitted).__doc__, "Attributes"))


def test_every_documented_attribute_exists(fitted):
    for name in _names(type(fitted).__doc__, "Attributes"):
        assert hasattr(fitted, name), name


def test_no_placeholder_is_left(fitted):
    cls = type(fitted)
    for documented in (cls, *vars(cls).values()):
        if documented is cls or inspect.isfunction(documented):
            assert not re.search(r"^ *\{\w+\} *$", documented.__doc__ or "", re.M)


@pytest.mark.parametrize("section", ["See Also", "Notes", "References", "Examples"])
def test_the_class_has_the_section(section, fitted):
    assert re.search(rf"^{section}\n-+$", type(fitted).__doc__, re.M)


def test_the_class_has_a_version(fitted):
    assert ".. versionadded:: 0." in type(fitted).__doc__


@pytest.mark.parametrize("method", _methods())
def test_the_parameters_of_a_method_are_documented_in_order(method):
    signature = list(inspect.signature(method).parameters)[1:]
    assert _names(method.__doc__, "Parameters") == signature


@pytest.mark.parametrize("method", _methods())
def test_the_return_value_of_a_method_is_documented(method):
    assert len(_names(method.__doc__, "Returns")) >= 1


def _public(module):
    """Public objects of a module, and the public methods of its classes, by name."""
    for name in module.__all__:
        found = getattr(module, name)
        yield f"{module.__name__}.{name}", found
        if inspect.isclass(found):
            for method, function in inspect.getmembers(found, callable):
                home = str(getattr(function, "__module__", ""))
                if home.startswith("sklearn_revae") and not method.startswith("_"):
                    yield f"{module.__name__}.{name}.{method}", function


def test_everything_public_has_an_example(public_modules):
    without = {
        name
        for module in public_modules
        for name, found in _public(module)
        if "\n>>> " not in inspect.cleandoc(found.__doc__ or "")
    }
    assert without == WITHOUT_EXAMPLE
