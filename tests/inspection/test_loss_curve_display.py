"""LossCurveDisplay shows the training history."""

import numpy as np
import pytest

from sklearn_revae.inspection import LossCurveDisplay


def test_the_curves_are_those_of_the_training_history(images):
    display = LossCurveDisplay.from_estimator(images.model)
    model = images.model
    np.testing.assert_array_equal(display.line_.get_xdata(), np.arange(model.n_iter_) + 1)
    np.testing.assert_array_equal(display.line_.get_ydata(), model.loss_curve_)
    elbo = [-epoch["bound"] for epoch in model.history_]
    np.testing.assert_array_equal(display.elbo_line_.get_ydata(), elbo)
    assert (np.array(model.loss_curve_) > elbo).all()
    scores = [epoch["validation_score"] for epoch in model.history_]
    np.testing.assert_array_equal(display.score_line_.get_ydata(), scores)


def test_without_validation_no_score_is_drawn(table):
    display = LossCurveDisplay.from_estimator(table.model)
    assert display.score_line_ is None
    assert len(display.figure_.axes) == 1


def test_an_elbo_of_another_length_raises():
    with pytest.raises(ValueError, match=r"negative_elbo.* \(2\), but it has 1"):
        LossCurveDisplay([1.0, 2.0], negative_elbo=[0.5])


def test_validation_scores_of_another_length_raise():
    with pytest.raises(ValueError, match=r"validation_scores.* \(2\), but it has 1"):
        LossCurveDisplay([1.0, 2.0], validation_scores=[0.5])
