"""Columns that span many orders of magnitude cause neither warnings nor errors."""

import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from sklearn_revae import intervene, label_leakage

pytestmark = pytest.mark.filterwarnings("error", "ignore:max_iter=")


@pytest.fixture(scope="module")
def rows():
    """Positive values exp(N(0, 8)), counts as long-tailed, and large real values."""
    random = np.random.RandomState(0)
    y = np.arange(200) % 2
    income = np.exp(8.0 * random.normal(size=200) + y)
    frame = pd.DataFrame(
        {
            "income": income,
            "count": np.floor(income[::-1]).astype(np.int64),
            # Its exponential overflows, so it must not be computed.
            "time": 1e6 + random.normal(size=200) + y,
        }
    )
    frame.loc[::10, "income"] = np.nan
    return frame, y


@pytest.fixture(scope="module", params=["auto", "gaussian"])
def model(request, rows, quick_classifier):
    likelihood = {"income": request.param, "count": request.param}
    return quick_classifier(likelihood=likelihood, batch_size=50).fit(*rows)


def test_the_column_is_modelled_by_its_logarithm(rows, quick_classifier):
    kinds = quick_classifier(max_iter=1).fit(*rows).column_kinds_
    assert kinds.kinds[0] == "positive"


CALLS = {
    "intervene": lambda model, X: model.intervene(X, 1, report=True)[0],
    "far beyond": lambda model, X: model.intervene(X, 1, method="mean", strength=1e6),
    "far latents": lambda model, X: model.intervene(
        X, 1, method={0: [1e30] * model.label_dim_}
    ),
    "decoded": lambda model, X: model.intervene(X, 1, strength=50.0, residual=False),
    "draws": lambda model, X: model.intervene(X, 1, n_samples=3, report=True)[0],
    "sample from the prior": lambda model, X: model.intervene(
        X, 1, method="sample", bounds={"income": (1.0, None)}
    ),
    "swap": lambda model, X: model.swap(X, X[::-1]),
    "traverse": lambda model, X: model.traverse(X, 0, span=100.0),
    "locate": lambda model, X: model.locate(X),
    "sample": lambda model, X: model.sample(100, random_state=0)[0],
    "impute": lambda model, X: model.impute(X),
    "imputed draws": lambda model, X: model.impute(X, n_samples=5),
    "reconstruct": lambda model, X: model.reconstruct(X),
    "inverse_transform": lambda model, X: model.inverse_transform(
        50.0 * model.transform(X)
    ),
    "score_samples": lambda model, X: model.score_samples(X),
    "predict_proba": lambda model, X: model.predict_proba(X),
    "label_leakage": lambda model, X: label_leakage(model, X, np.arange(200) % 2),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_no_method_warns(call, model, rows):
    result = np.asarray(call(model, rows[0]), dtype=np.float64)
    assert np.isfinite(result).all()


def test_an_edit_that_overflows_in_a_step_is_clipped(rows, quick_classifier):
    X = rows[0][["income"]].dropna()
    # Decoded values stay near the range in fit, so only the step itself overflows.
    top = np.arcsinh(X.to_numpy().max())

    def inverse(values):
        return np.sinh(np.where(np.abs(values) > top, 1e6 * values, values))

    logarithm = FunctionTransformer(np.arcsinh, inverse, check_inverse=False)
    model = quick_classifier(likelihood="gaussian")
    pipeline = make_pipeline(logarithm, model).fit(X, rows[1][X.index])
    income = intervene(pipeline, X, 1, method="mean", strength=1e6)["income"]
    assert np.isfinite(income).all()
    assert income.abs().max() == np.finfo(np.float64).max
