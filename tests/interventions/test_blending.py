"""Edits of images show the decoded image where it changes, and the sample elsewhere."""

import numpy as np
import pytest
import torch
from torch import nn

from sklearn_revae import ReVAEClassifier
from sklearn_revae._interventions.blending import blended, blended_layout
from sklearn_revae._model.images import ImageShape

LAYOUT = ImageShape(6, 6)
UNIT = torch.full((36,), 2.0, dtype=torch.float64)


def blend(own, before, after):
    """Blended images (6, 6) of images (6, 6), composed as `Scaling.add_change` does."""
    rows = [torch.as_tensor(a, dtype=torch.float64).reshape(1, 36) for a in (own, before)]
    target = blended(*rows, torch.as_tensor(after).reshape(1, 36), LAYOUT, UNIT)
    added = torch.where(target == rows[1], rows[0], rows[0] + (target - rows[1]))
    return added.reshape(6, 6).numpy()


@pytest.fixture
def images():
    random = np.random.RandomState(0)
    return random.normal(size=(2, 6, 6))


def test_a_large_change_shows_the_decoded_image_and_its_neighbours_a_mixture(images):
    own, before = images
    after = before.copy()
    after[:, :3] += 10
    edited = blend(own, before, after)
    # The 3 x 3 pixels around those of the third column hold 6 changed ones.
    np.testing.assert_allclose(edited[:, :3], after[:, :3])
    np.testing.assert_array_equal(edited[:, 4:], own[:, 4:])
    np.testing.assert_allclose(edited[:, 3], after[:, 3])


def test_beside_a_large_change_a_small_one_is_partly_shown_and_a_tiny_one_is_not(images):
    own, before = images
    after = before.copy()
    after[:2] += 10
    # Changes of 0.34 and 0.15 standard deviations; 0.18 are hidden, 0.5 are shown.
    for small, fraction in [(0.68, 0.5), (0.3, 0.0)]:
        after[3:] = before[3:] + small
        edited = blend(own, before, after)
        expected = own + fraction * (after - own)
        np.testing.assert_allclose(edited[4:], expected[4:], atol=1e-6)


@pytest.mark.parametrize("step", [1e-3, 0.01, 0.1, 0.3])
def test_the_first_steps_of_an_edit_are_added_where_the_edit_is_large(images, step):
    own, before = images
    change = np.zeros((6, 6))
    change[:, :3], change[:, 4:] = 1, 0.2
    edited = blend(own, before, before + step * change)
    np.testing.assert_allclose(edited[:, :2], own[:, :2] + step, rtol=1e-5)
    np.testing.assert_array_equal(edited[:, 5], own[:, 5])


def test_nothing_jumps_as_an_edit_grows(images):
    own, before = images
    change = 1 + np.abs(np.random.RandomState(1).normal(size=(6, 6)))
    steps = np.arange(0, 2, 0.002)
    edited = np.array([blend(own, before, before + step * change) for step in steps])
    np.testing.assert_array_equal(edited[0], own)
    assert np.abs(np.diff(edited, axis=0)).max() < 0.05


def test_a_colour_that_changes_takes_the_others_along():
    layout = ImageShape(2, 2, channels=3, channels_last=True)
    own, before = torch.zeros(1, 12), torch.ones(1, 12)
    after = before + torch.tensor([5.0, 0, 0]).repeat(4)
    target = blended(own, before, after, layout, torch.ones(12))
    torch.testing.assert_close(own + target - before, after)


def test_a_missing_pixel_is_that_of_the_decoded_image(images):
    own, before = images
    own[2, 2] = np.nan
    rows = [torch.as_tensor(a.reshape(1, 36)) for a in (own, before, before)]
    assert blended(*rows, LAYOUT, UNIT)[0, 14] == before[2, 2]


@pytest.fixture(scope="module")
def fitted():
    """Squares on images of 16 x 16 pixels, whose corner shows the class."""
    random = np.random.RandomState(0)
    X, y = random.randint(0, 255, size=(40, 16, 16)), np.arange(40) % 2
    X[y == 1, :6, :6] = 255
    return ReVAEClassifier(max_iter=3, random_state=0).fit(X, y), X


def test_convolutional_edits_are_between_the_sample_the_edit_and_their_sum(fitted):
    model, X = fitted
    edited = model.intervene(X, 1, strength=3.0)
    decoded = model.intervene(X, 1, strength=3.0, residual=False)
    added = X + decoded - model.reconstruct(X)
    # Two roundings lie between the sum and the edit.
    assert (edited >= np.minimum(np.minimum(X, decoded), added - 2)).all()
    assert (edited <= np.maximum(np.maximum(X, decoded), added + 2)).all()
    assert (edited != X).any()


def test_own_decoders_and_fully_connected_ones_do_not_blend(fitted):
    model, X = fitted
    assert blended_layout(model.module_) == ImageShape(16, 16)
    flat = ReVAEClassifier(max_iter=1, random_state=0).fit(X.reshape(40, -1), [0, 1] * 20)
    assert blended_layout(flat.module_) is None
    own = ReVAEClassifier(
        encoder=nn.Flatten(),
        decoder=nn.Sequential(nn.LazyLinear(256)),
        max_iter=1,
        random_state=0,
    )
    assert blended_layout(own.fit(X, [0, 1] * 20).module_) is None
