"""Disagreement is the mutual information between the label and the ensemble member."""

import numpy as np
import pytest
import torch

from sklearn_revae._inference.disagreement import averaged


def _disagreement(*members):
    """Disagreement about one sample with one label."""
    log_members = torch.tensor(np.array(members), dtype=torch.float64).log()
    return averaged(log_members[:, None, None])[1].item()


def test_members_that_agree_have_none_however_uncertain_they_are():
    assert _disagreement([0.5, 0.5], [0.5, 0.5]) == 0.0
    assert _disagreement([0.9, 0.1], [0.9, 0.1]) == pytest.approx(0.0, abs=1e-12)


def test_members_that_are_certain_of_different_classes_disagree_most():
    certain = 1 - 1e-12
    found = _disagreement([certain, 1e-12], [1e-12, certain])
    assert found == pytest.approx(np.log(2))


def test_it_is_the_mean_divergence_of_the_members_from_their_mean():
    members = np.random.RandomState(0).dirichlet(np.ones(4), size=5)
    divergences = (members * np.log(members / members.mean(axis=0))).sum(axis=1)
    assert _disagreement(*members) == pytest.approx(divergences.mean())


def test_absent_classes_do_not_matter():
    padded = torch.tensor([[0.9, 0.1], [0.2, 0.8]], dtype=torch.float64).log()
    padded = torch.cat([padded, torch.full((2, 1), -1e30, dtype=torch.float64)], dim=1)
    probabilities, found = averaged(padded[:, None, None])
    assert found.item() == pytest.approx(_disagreement([0.9, 0.1], [0.2, 0.8]))
    np.testing.assert_allclose(probabilities[0, 0], [0.55, 0.45, 0.0])


def test_a_classifier_measures_it_per_label(two_labels, two_labels_model):
    X = two_labels[0]
    found = two_labels_model.predict_disagreement(X)
    assert [label.shape for label in found] == [(60,), (60,)]
    assert all((label >= 0).all() and label.max() > 0 for label in found)
    assert found[0].max() <= np.log(3)


def test_one_member_does_not_disagree(few_blobs, quick_classifier):
    X, y = few_blobs
    model = quick_classifier(n_members=1).fit(X, y)
    np.testing.assert_allclose(model.predict_disagreement(X), 0.0, atol=1e-12)


def test_the_report_has_that_of_the_edited_samples(two_labels, two_labels_model):
    X, do = two_labels[0], {"label_0": "left", "label_1": 6}
    for label, names in ((0, ["label_0"]), (None, ["label_0", "label_1"])):
        asked = {name: do[name] for name in names}
        new, report = two_labels_model.intervene(X, asked, report=True)
        expected = two_labels_model.predict_disagreement(new)
        expected = np.max(expected, axis=0) if label is None else expected[label]
        np.testing.assert_allclose(report.disagreement, expected, atol=1e-12)
        assert "disagreement" in report.to_frame()
