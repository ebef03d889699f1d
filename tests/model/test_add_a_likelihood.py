"""The contributors' page adds a likelihood as one class in one file: it works."""

import pickle
import re
import textwrap
from pathlib import Path

import numpy as np
import pytest
import scipy.stats
import torch
from sklearn.datasets import load_iris

from sklearn_revae import ReVAEClassifier, ReVAETransformer
from sklearn_revae._model.families import FAMILIES, Column, real
from sklearn_revae.persistence import load, save

PAGE = Path(__file__).parents[2] / "docs" / "contributing.rst"


def _code_blocks(title):
    """The Python code blocks in a section of the page, a list of str."""
    text = PAGE.read_text(encoding="utf-8")
    section = re.search(
        rf"^{title}\n-+\n(.*?)^[^\n]+\n-+\n", text, re.DOTALL | re.MULTILINE
    )
    blocks = re.findall(
        r"^\.\. code-block:: python\n\n((?:   [^\n]*\n|\n)+)", section[1], re.MULTILINE
    )
    return [textwrap.dedent(block) for block in blocks]


@pytest.fixture
def logistic():
    """The class on the page, as if it stood in the file that the page names."""
    before, known = set(vars(real)), dict(FAMILIES)
    exec(compile(_code_blocks("Add a likelihood")[0], PAGE, "exec"), vars(real))
    [name] = set(vars(real)) - before
    yield vars(real)[name]
    delattr(real, name)
    FAMILIES.clear()
    FAMILIES.update(known)


@pytest.fixture
def iris():
    X, y = load_iris(return_X_y=True)
    return X, np.where(np.arange(len(y)) % 3 == 0, y, -1)


def _family(cls):
    """One column of the family, with a scale that is not the one it starts with."""
    family = cls([Column(cls.name)]).double()
    with torch.no_grad():
        family.raw_scale.fill_(0.3)
    return family


def test_the_page_names_the_file_and_only_the_class_is_added(logistic):
    file = Path(real.__file__).relative_to(PAGE.parents[1]).as_posix()
    assert f"``{file}``" in PAGE.read_text(encoding="utf-8")
    assert FAMILIES["logistic"] is logistic
    assert logistic.__module__ == real.__name__


def test_the_density_is_that_of_scipy_and_integrates_to_one(logistic):
    family = _family(logistic)
    x = torch.linspace(-60, 60, 200_001, dtype=torch.float64)[:, None]
    output = torch.full((len(x), 1, 1), 0.7, dtype=torch.float64)
    found = family.log_prob(output, x)[:, 0].detach()
    expected = scipy.stats.logistic(0.7, family.scale.item()).logpdf(x[:, 0].numpy())
    np.testing.assert_allclose(found, expected, rtol=1e-9)
    assert torch.trapezoid(found.exp(), x[:, 0]).item() == pytest.approx(1, abs=1e-9)


def test_draws_follow_the_density_and_the_generator(logistic):
    family = _family(logistic)
    output = torch.full((20_000, 1, 1), 0.7, dtype=torch.float64)
    first, second = (
        family.sample(output, torch.Generator().manual_seed(0)).detach().numpy().ravel()
        for _ in range(2)
    )
    np.testing.assert_array_equal(first, second)
    law = scipy.stats.logistic(0.7, family.scale.item())
    assert scipy.stats.kstest(first, law.cdf).pvalue > 0.01


def test_the_code_of_the_page_fits_and_intervenes(logistic):
    names = {}
    exec(compile(_code_blocks("Add a likelihood")[1], PAGE, "exec"), names)
    assert names["as_virginica"].shape == (3, 4)
    assert set(names["model"].likelihood_) == {"logistic"}


def test_all_methods_know_the_new_likelihood(logistic, iris):
    X, y = iris
    chosen = {0: "logistic", 2: "logistic"}
    options = {"n_members": 2, "max_iter": 15, "batch_size": 20, "random_state": 0}
    model = ReVAEClassifier((16,), likelihood=chosen, **options).fit(X, y)
    assert model.column_kinds_.likelihoods == ["logistic", "gaussian"] * 2
    assert model.column_kinds_[0] == "real"
    assert model.score(X, load_iris().target) > 0.8
    masked = X.copy()
    masked[::4, 0] = np.nan
    for result in (
        model.score_samples(X),
        model.reconstruct(X),
        model.impute(masked),
        model.impute(masked, n_samples=2, random_state=0),
        model.intervene(X, 2),
        model.intervene(X, 2, n_samples=2, random_state=0),
        model.traverse(X[:3], 0),
        model.sample(20, random_state=0)[0],
    ):
        assert np.isfinite(result).all()
    # Scaled like every real value, so that units do not matter.
    scaling = model._codec.scaling_
    assert scaling.unbounded.all()
    usual = ReVAETransformer(likelihood="gaussian", max_iter=1, random_state=0).fit(X)
    np.testing.assert_array_equal(scaling.shift_, usual._codec.scaling_.shift_)
    np.testing.assert_array_equal(scaling.scale_, usual._codec.scaling_.scale_)


def test_files_and_pickles_hold_the_new_likelihood(logistic, iris, tmp_path):
    X, _ = iris
    model = ReVAETransformer((8,), likelihood="logistic", max_iter=2, random_state=0)
    model.fit(X)
    save(model, tmp_path / "model")
    for loaded in (load(tmp_path / "model"), pickle.loads(pickle.dumps(model))):
        assert loaded.likelihood_.tolist() == ["logistic"] * 4
        np.testing.assert_array_equal(loaded.score_samples(X), model.score_samples(X))
        np.testing.assert_array_equal(
            loaded.sample(3, random_state=0)[0], model.sample(3, random_state=0)[0]
        )


def test_without_the_class_the_name_is_unknown(iris):
    X, _ = iris
    assert "logistic" not in FAMILIES
    with pytest.raises(ValueError, match=r"likelihood names \['logistic'\]"):
        ReVAETransformer(likelihood="logistic").fit(X)
