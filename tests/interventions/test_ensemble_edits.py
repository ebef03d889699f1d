"""Edits combine those of all members of the ensemble; images have one editor."""

import copy
from unittest import mock

import numpy as np
import pandas as pd
import pytest
import torch

from sklearn_revae._interventions import drawing
from sklearn_revae._interventions.drawing import StoredCodes
from sklearn_revae._model.ensemble import Ensemble
from sklearn_revae._sample_statistics import SampleStatistics


@pytest.fixture(scope="module")
def model(few_blobs, trained_classifier):
    model = trained_classifier(n_members=4, likelihood="gaussian").fit(*few_blobs)
    # Without clipping, medians of scaled values are medians in the units of X as well.
    model._codec.scaling_.clips_ = False
    return model


def _alone(model, i):
    """The same estimator with one member only."""
    single = copy.copy(model)
    member = copy.deepcopy(model.module_).members[i]
    single.module_ = Ensemble(member)
    codes = model._statistic("codes")
    codes = StoredCodes(
        **vars(codes)
        | {name: getattr(codes, name)[i : i + 1] for name in ("means", "scales", "roots")}
    )
    single._sample_statistics = SampleStatistics({"codes": codes})
    return single


def _edits_of_members(model, edit):
    return np.array([edit(_alone(model, i)) for i in range(model.n_members_)])


EDITS = {
    "mean": lambda model, X, **options: model.intervene(X, 1, method="mean", **options),
    "position": lambda model, X, **options: model.intervene(
        X, 1, method={0: 0.3}, **options
    ),
    "swap": lambda model, X, **options: model.swap(X, X[::-1], **options),
    "traverse": lambda model, X, **options: model.traverse(X, 0, steps=3, **options),
}


def _samples_on_which_members_agree(model, X):
    predicted = [_alone(model, i).predict(X) for i in range(model.n_members_)]
    return X[(np.array(predicted) == predicted[0]).all(axis=0)]


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_an_edit_adds_the_median_of_the_changes_of_all_members(edit, model, blobs):
    X = _samples_on_which_members_agree(model, blobs[0])
    own = X[:, None] if edit is EDITS["traverse"] else X
    changes = _edits_of_members(model, lambda single: edit(single, X) - own)
    np.testing.assert_allclose(
        edit(model, X), own + np.median(changes, axis=0), atol=1e-9
    )


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_without_residual_an_edit_is_the_median_of_all_members(edit, model, blobs):
    X = _samples_on_which_members_agree(model, blobs[0])
    decoded = _edits_of_members(model, lambda single: edit(single, X, residual=False))
    np.testing.assert_allclose(
        edit(model, X, residual=False), np.median(decoded, axis=0), atol=1e-9
    )


def test_a_member_that_exaggerates_does_not_distort_an_edit(model, blobs):
    X = blobs[0]
    broken = copy.deepcopy(model)
    with torch.no_grad():
        for parameter in broken.module_.members[2].decoder.parameters():
            parameter *= 100
    change, distorted, of_one = (
        np.abs(editor.intervene(X, 1, method="mean") - X).mean()
        for editor in (model, broken, _alone(broken, 2))
    )
    assert of_one > 20 * change
    assert distorted < 2 * change


def test_all_members_start_from_the_class_that_the_ensemble_predicts(model, blobs):
    X = blobs[0]
    rival = copy.deepcopy(model)
    # One member is certain of another class, whatever the sample.
    rival.module_.members[1].label_model.log_prior[:, 1] = 1e6
    assert set(_alone(rival, 1).predict(X)) == {1}
    np.testing.assert_array_equal(rival.intervene(X, rival.predict(X)), X)


def test_levels_are_those_of_the_mean_probabilities(blobs, trained_classifier):
    X, y = blobs
    words = np.array(["low", "middle", "high"])[y]
    table = pd.DataFrame({"a": X[:, 0], "word": words, "rank": y})
    likelihood = {"rank": "ordinal"}
    model = trained_classifier(n_members=3, likelihood=likelihood, max_iter=3)
    model.fit(table, y)
    edited = model.intervene(table, 1, method="mean", residual=False)
    x = torch.from_numpy(model._scaled(table)[:])
    words, ranks = [], []
    for member in copy.deepcopy(model.module_).double().members:
        with torch.no_grad():
            z = member.encode(x)[0]
            z[:, : model.label_dim_] = member.label_model.means[0, 1]
            _, word, rank = member.likelihood.expectations(member.decode(z))
        words.append(word[:, 0].numpy())
        ranks.append(rank[:, 0].numpy())
    categories = np.array(model._codec.table_.categories_[1])
    expected = categories[np.mean(words, axis=0).argmax(axis=1)]
    assert edited["word"].tolist() == expected.tolist()
    cumulative = np.mean(ranks, axis=0).cumsum(axis=1)
    medians = (cumulative[:, :-1] < 0.5).sum(axis=1)
    assert edited["rank"].tolist() == medians.tolist()
    assert len(np.unique(np.argmax(words, axis=2), axis=0)) > 1


def test_given_latents_are_those_of_the_first_member(model, blobs):
    X = blobs[0]
    latents = model.transform(X[:1])[0, : model.label_dim_]
    options = {"method": {0: latents}, "residual": False}
    np.testing.assert_allclose(
        model.intervene(X, 1, **options), _alone(model, 0).intervene(X, 1, **options)
    )


@pytest.fixture(scope="module")
def images():
    return np.random.RandomState(0).random_sample((20, 16, 16))


@pytest.fixture(scope="module")
def model_of_images(images, quick_classifier):
    model = quick_classifier(n_members=3, max_iter=1).fit(images, np.arange(20) % 2)
    # No test draws images, so their noise may be learned from few draws.
    with mock.patch.multiple(drawing, _N_DRAWS=100, _N_DRAWS_OF_QUANTILES=100):
        model._statistic("codes")
    return model


def test_images_are_edited_by_the_first_member(images, model_of_images):
    model = model_of_images
    target = 1 - _alone(model, 0).predict(images)
    options = {"method": "mean", "residual": False}
    np.testing.assert_allclose(
        model.intervene(images, target, **options),
        _alone(model, 0).intervene(images, target, **options),
    )
    same = model.predict(images)
    np.testing.assert_array_equal(model.intervene(images, same), images)


def test_samples_are_drawn_from_all_members(model):
    rows, _ = model.sample(400, 1, random_state=0)
    drawn = [_alone(model, i).sample(400, 1, random_state=0)[0] for i in range(4)]
    means = [sample.mean(axis=0) for sample in drawn]
    np.testing.assert_allclose(
        rows.mean(axis=0), np.mean(means, axis=0), atol=0.3 * rows.std(axis=0).max()
    )
    wanted = np.mean([sample.var(axis=0) for sample in drawn], axis=0)
    wanted += np.var(means, axis=0)
    np.testing.assert_allclose(rows.var(axis=0), wanted, rtol=0.4)


def test_positions_are_the_mean_of_those_of_all_members(model, blobs):
    positions = _edits_of_members(model, lambda single: single.locate(blobs[0]))
    np.testing.assert_allclose(model.locate(blobs[0]), positions.mean(axis=0))


def test_members_that_did_not_edit_judge_edits_of_the_first(images, model_of_images):
    new, report = model_of_images.intervene(images, 1, report=True)
    others = [_alone(model_of_images, i).predict_proba(new) for i in (1, 2)]
    expected = np.mean(others, axis=0) ** (1 / model_of_images.temperature_)
    expected = expected[:, 1] / expected.sum(axis=1)
    np.testing.assert_allclose(report.probability_after[:, 0], expected)


def test_all_members_judge_edits_of_all_members(model, blobs):
    new, report = model.intervene(blobs[0], 1, report=True)
    np.testing.assert_allclose(
        report.probability_after[:, 0], model.predict_proba(new)[:, 1]
    )
