"""InterventionReportDisplay shows how interventions change labels."""

import numpy as np
import pytest

from sklearn_revae.inspection import InterventionReportDisplay


def test_the_matrix_holds_changes_of_probabilities(images, values_of):
    model, X = images.model, images.X[:20]
    display = InterventionReportDisplay.from_estimator(model, X)
    before = model.predict_proba(X)
    odd = model.predict(X)[:, 1]
    other = np.where(odd == "yes", "no", "yes")
    after = model.predict_proba(model.intervene(X, {"odd": other}))
    expected = [
        0.5 * np.abs(new - old).sum(axis=1).mean()
        for old, new in zip(before, after, strict=True)
    ]
    np.testing.assert_allclose(display.change_matrix[1], expected)
    assert display.change_matrix.max() <= 1
    np.testing.assert_array_equal(values_of(display.im_), display.change_matrix)
    assert display.text_[1, 0].get_text() == f"{expected[0]:.2f}"


def test_a_report_has_a_row_for_each_label_and_requested_value(images, values_of):
    X = images.X[:6]
    _, report = images.model.intervene(X, {"odd": ["no", "yes"] * 3}, report=True)
    display = InterventionReportDisplay.from_report(report)
    lines = [text.get_text() for text in display.ax_.get_yticklabels()]
    assert lines == ["odd = no", "odd = yes"]
    np.testing.assert_array_equal(values_of(display.im_), report.change_matrix())


def test_a_transformer_raises(one_latent):
    with pytest.raises(ValueError, match=r"must be a ReVAEClassifier, got a ReVAETrans"):
        InterventionReportDisplay.from_estimator(one_latent.model, one_latent.X)


def test_a_matrix_of_another_shape_than_its_names_raises():
    with pytest.raises(ValueError, match=r"change_matrix has the shape \(1, 2\)"):
        InterventionReportDisplay([[0.5, 0.5]], label_names=["a", "b"])
