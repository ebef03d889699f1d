"""Judges and critics look at images, and edits should change little of them."""

import numpy as np
import pytest
import torch

from sklearn_revae._model.images import ImageShape
from sklearn_revae._training.judge_views import JudgeViews

LAYOUT = ImageShape(16, 16)
ONE = torch.ones(1)


def test_the_change_is_the_fraction_of_changed_pixels(small):
    n = LAYOUT.n_features
    # The last input is a mask, not a pixel.
    spread = torch.cat([torch.full((n // 2,), 0.5), torch.full((n // 2,), 2.0), ONE])
    # A level has none.
    spread[1] = 0.0
    rows = torch.zeros(2, n + 1)
    edited = rows.clone()
    # From half a standard deviation on, a pixel has changed.
    edited[1, 0], edited[1, 1], edited[1, -2], edited[1, -1] = -0.1, 0.2, 4.0, 7.0
    change = JudgeViews(LAYOUT, spread, small.seeded(0)).change(edited, rows)
    assert change.tolist() == pytest.approx([0.0, (0.4 + 0.4 + 1.0) / n])


def test_edits_leave_alone_what_does_not_show_the_label(
    small, quick_classifier, monkeypatch
):
    X, y = small.bright_and_dark(40)

    def changes():
        model = quick_classifier(
            max_iter=30, n_members=1, learning_rate_init=0.01, random_state=0
        ).fit(X, y)
        dark = X[y == 0]
        edited = model.intervene(dark, 1, residual=False)
        change = np.abs(edited - model.reconstruct(dark))
        return change[:, :8].mean(), change[:, 8:].mean()

    shown, other = changes()
    monkeypatch.setattr(JudgeViews, "change", lambda self, edited, rows: torch.zeros(()))
    _, other_without = changes()
    assert shown > 0.4
    assert other < 0.9 * other_without


def test_images_of_levels_can_be_edited(quick_classifier):
    """Levels have no standard deviation, by which their change could be divided."""
    X = np.arange(20 * 256).reshape(20, 16, 16) % 3
    model = quick_classifier(n_members=1, max_iter=8, likelihood="ordinal")
    model.fit(X, np.arange(20) % 2)
    assert np.isfinite(model.loss_curve_).all()
