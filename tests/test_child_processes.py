"""A model in a child process, forked or spawned, gives its parent's answers."""

import multiprocessing
import sys

import numpy as np
import pytest

# Modules that take a second to import, and that neither a fit nor an answer needs.
SLOW_MODULES = {"sympy", "torch._dynamo"}
METHODS = sorted({"fork", "spawn"} & set(multiprocessing.get_all_start_methods()))


def _answers(model, fitted, X):
    return [
        model.predict_proba(X),
        model.transform(X),
        model.score_samples(X),
        model.intervene(X[:10], 1),
        model.intervene(X[:10], 1, n_samples=2, random_state=0),
        fitted.predict_proba(X),
    ]


def _answers_and_fit(model, X, y):
    answers = _answers(model, type(model)(**model.get_params()).fit(X, y), X)
    return answers, SLOW_MODULES & set(sys.modules)


@pytest.mark.parametrize("method", METHODS)
def test_a_child_answers_like_its_parent(method, blobs_model, few_blobs):
    X, y = few_blobs
    with multiprocessing.get_context(method).Pool(1) as pool:
        result = pool.apply_async(_answers_and_fit, (blobs_model, X, y))
        found, imported = result.get(timeout=300)
    expected = _answers(blobs_model, blobs_model, X)
    for of_child, of_parent in zip(found, expected, strict=True):
        np.testing.assert_array_equal(of_child, of_parent)
    # A forked child has what earlier tests imported.
    assert method == "fork" or not imported
