"""The values that "auto" chooses for the data."""

import inspect

import numpy as np
import pytest

from sklearn_revae import ReVAEClassifier, _defaults
from sklearn_revae._defaults import TABLE, settings_of


def _mixup_fraction(X, y, **changes):
    model = ReVAEClassifier(max_iter=1, random_state=0, **changes).fit(X, y)
    settings = settings_of(
        model, model._codec, model.module_, model._labels.counts_, len(X), None
    )
    return settings.mixup_fraction


@pytest.mark.parametrize(
    ("n_labeled", "n_values", "fraction"), [(20, 2, 0.3), (19, 2, 0.0), (30, 3, 0.0)]
)
def test_mixup_needs_enough_labels_with_two_classes(n_labeled, n_values, fraction):
    X = np.random.RandomState(0).standard_normal((40, 3))
    y = np.where(np.arange(40) < n_labeled, np.arange(40) % n_values, -1)
    assert _mixup_fraction(X, y) == fraction


def test_pixels_get_no_mixup():
    X = np.random.RandomState(0).randint(0, 256, (40, 64))
    assert _mixup_fraction(X, np.arange(40) % 2) == 0.0


def test_counts_of_a_linear_model_get_no_mixup():
    X, y = np.random.RandomState(0).poisson(1.0, (40, 60)), np.arange(40) % 2
    assert _mixup_fraction(X, y, likelihood="poisson") == 0.0
    assert _mixup_fraction(X, y, likelihood="poisson", hidden_layer_sizes=(4,)) > 0.0


def test_every_row_of_the_table_is_used_and_explained():
    source = inspect.getsource(_defaults)
    for name, row in TABLE.items():
        # Once as the key of the row, and at least once where it is read.
        assert source.count(f'"{name}"') >= 2
        assert row.finding.endswith(".")
