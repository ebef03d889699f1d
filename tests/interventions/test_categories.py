"""Edits change the categories that depend on the label, and no others."""

import numpy as np
import pandas as pd
import pytest

from sklearn_revae import ReVAEClassifier


@pytest.fixture(scope="module")
def towns():
    """Categories and flags of which some are the label, and others are independent."""
    random, n = np.random.RandomState(0), 400
    y = random.randint(2, size=n)
    grades = pd.CategoricalDtype(list("abcd"), ordered=True)
    X = pd.DataFrame(
        {
            "size": random.normal(2 * y, 1),
            "town": random.choice(list("ABCDEFGH"), n),
            "grade": pd.Series(random.choice(list("abcd"), n)).astype(grades),
            "flag": random.randint(2, size=n),
            "side": np.where(random.random_sample(n) < 0.95, y, 1 - y),
            "kind": np.array(["left", "right"])[y],
            "rank": pd.Series(np.array(list("ac"))[y]).astype(grades),
        }
    )
    X.loc[::20, ["town", "kind"]] = None
    return X, y, ReVAEClassifier(n_members=3, max_iter=40, random_state=0).fit(X, y)


@pytest.mark.parametrize("options", [{}, {"strength": 1.0}, {"n_samples": 1}])
def test_only_categories_that_depend_on_the_label_change(options, towns):
    X, y, model = towns
    X = X[(y == 0) & (model.predict(X) == 0)]
    edited = model.intervene(X, 1, random_state=0, **options)
    if "n_samples" in options:
        edited = pd.DataFrame(edited[:, 0], X.index, X.columns)
    known = X["town"].notna()
    for name in ("town", "grade", "flag"):
        changed = edited[name][known].astype(object) != X[name][known].astype(object)
        assert changed.mean() < 0.1, name
    assert (edited["side"] == 1).mean() > 0.8
    assert (edited["kind"] == "right").mean() > 0.9
    assert (edited["rank"] == "c").mean() > 0.9
    assert edited.notna().to_numpy().all()


def test_few_categories_change_until_the_label_does():
    """No small step makes a category half as probable; a strong enough edit does."""
    random = np.random.RandomState(0)
    y = random.randint(2, size=400)
    agrees = random.random_sample((400, 12)) < 0.7
    X = pd.DataFrame(np.where(agrees, y[:, None], 1 - y[:, None])).astype(str)
    model = ReVAEClassifier(n_members=3, max_iter=40, random_state=0).fit(X, y)
    X = X[model.predict(X) == 0]
    edited = model.intervene(X, 1, max_columns=8)
    assert (model.predict(edited) == 1).mean() > 0.95
