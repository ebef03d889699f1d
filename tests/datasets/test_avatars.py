"""make_avatars: labels agree with the pixels, and seeds are reproducible."""

import sys

import numpy as np
import pandas as pd
import pytest

from sklearn_revae.datasets import _avatars, make_avatars

# Pixels (row, column) of the head, which has the same position in all images.
NOSE = 35, 31
EYE = 32, 23
LENS = 35, 46
BRIDGE = 28, 32
LIP = 41, 32
MOUTH_CORNER = 45, 26
MOUTH = 45, 32
UNDER_MOUTH = 47, 32
CHIN = 52, 31
FOREHEAD_TOP = 10, 32
HAIR = 10, 37
BESIDE_NECK = 51, 18
BACKGROUND = 40, 3

HAIR_COLORS = {
    "Black_Hair": (26, 22, 20),
    "Brown_Hair": (105, 65, 37),
    "Blond_Hair": (222, 188, 90),
    "Gray_Hair": (160, 160, 165),
    "Red_Hair": (205, 55, 15),
}


class Faces:
    """Images of faces with labels by name, and comparisons of their pixels."""

    def __init__(self, bunch):
        self.X = bunch.data.astype(int)
        self.labels = dict(zip(bunch.target_names, bunch.target.T == 1, strict=True))

    def __getitem__(self, label):
        return self.labels[label]

    def at(self, pixel):
        """Colours (n, 3) of a pixel in each image."""
        return self.X[:, *pixel]

    def like(self, pixel, other, tolerance=0):
        """Whether two pixels have the same colour, within a tolerance per channel."""
        return np.abs(self.at(pixel) - self.at(other)).max(axis=1) <= tolerance

    def skin(self, pixel):
        """Whether a pixel shows skin."""
        return self.like(pixel, NOSE)


@pytest.fixture(scope="module")
def bunch(tmp_path_factory):
    """Faces that all tests share and must not modify."""
    return make_avatars(300, random_state=1, data_home=tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def faces(bunch):
    return Faces(bunch)


def test_the_bunch_has_all_attributes(bunch):
    assert bunch.data.shape == (300, 64, 64, 3)
    assert bunch.data.dtype == np.uint8
    assert bunch.images is bunch.data
    assert bunch.target.shape == (300, 16)
    assert bunch.target.dtype.kind == "i"
    assert set(np.unique(bunch.target)) == {0, 1}
    assert len(bunch.target_names) == 16
    assert all(name in bunch.DESCR for name in bunch.target_names)


@pytest.fixture(scope="module")
def grouped(tmp_path_factory):
    """The first faces of `bunch` with grouped labels, as a DataFrame."""
    home = tmp_path_factory.mktemp("grouped")
    return make_avatars(
        100, labels="grouped", random_state=1, as_frame=True, data_home=home
    )


def test_grouped_labels_are_those_of_the_same_faces(bunch, faces, grouped):
    np.testing.assert_array_equal(bunch.data[:100], grouped.data)
    y = grouped.target
    assert list(y) == grouped.target_names
    for label, value, binary in [
        ("Glasses", "sunglasses", "Sunglasses"),
        ("Facial_Hair", "mustache", "Mustache"),
        ("Hair", "hat", "Wearing_Hat"),
        ("Hair", "bald", "Bald"),
        ("Hair", "gray", "Gray_Hair"),
        ("Eyes_Closed", 1, "Eyes_Closed"),
    ]:
        np.testing.assert_array_equal(y[label] == value, faces[binary][:100])
    neither = ~(faces["Beard"] | faces["Mustache"])[:100]
    np.testing.assert_array_equal(y["Facial_Hair"] == "none", neither)
    assert set(y["Hair"]) == {"bald", "hat", "black", "brown", "blond", "gray", "red"}


def test_an_array_of_grouped_labels_holds_words_and_integers(grouped):
    X, y = make_avatars(20, labels="grouped", random_state=1, return_X_y=True)
    np.testing.assert_array_equal(X, grouped.data[:20])
    assert y.dtype == object
    assert {type(value) for value in y[:, 2]} == {int}
    assert y.tolist() == grouped.target[:20].to_numpy(dtype=object).tolist()


def test_no_label_is_very_rare_or_very_common(bunch):
    frequencies = bunch.target.mean(axis=0)
    assert frequencies.min() > 0.05
    assert frequencies.max() < 0.6


def test_all_faces_differ(bunch):
    assert len({face.tobytes() for face in bunch.data}) == 300


def test_dark_skin_is_dark(faces):
    np.testing.assert_array_equal(faces["Dark_Skin"], faces.at(NOSE).sum(axis=1) < 450)


def test_bald_heads_show_skin_at_the_top(faces):
    np.testing.assert_array_equal(faces["Bald"], faces.skin(FOREHEAD_TOP))


def test_glasses_cross_the_nose_and_sunglasses_are_dark(faces):
    glasses = faces["Eyeglasses"] | faces["Sunglasses"]
    np.testing.assert_array_equal(glasses, ~faces.skin(BRIDGE))
    np.testing.assert_array_equal(faces["Sunglasses"], faces.at(LENS)[:, 0] < 120)


def test_closed_eyes_show_skin(faces):
    np.testing.assert_array_equal(faces["Eyes_Closed"], faces.skin(EYE))


def test_an_open_mouth_reaches_further_down(faces):
    np.testing.assert_array_equal(faces["Mouth_Open"], ~faces.skin(UNDER_MOUTH))


def test_a_smile_is_wide_or_bends_upwards(faces):
    smiling, open_ = faces["Smiling"], faces["Mouth_Open"]
    np.testing.assert_array_equal(smiling[open_], ~faces.skin(MOUTH_CORNER)[open_])
    # Closed lips that bend upwards leave skin in the middle.
    bent = faces.like(MOUTH, NOSE, tolerance=60)
    np.testing.assert_array_equal(smiling[~open_], bent[~open_])


def test_a_beard_covers_the_chin_and_any_facial_hair_the_lip(faces):
    np.testing.assert_array_equal(faces["Beard"], ~faces.skin(CHIN))
    either = faces["Beard"] | faces["Mustache"]
    np.testing.assert_array_equal(either, ~faces.skin(LIP))


def test_long_hair_falls_beside_the_neck(faces):
    hair = ~(faces["Bald"] | faces["Wearing_Hat"])
    assert faces.like(BESIDE_NECK, HAIR, tolerance=60)[faces["Long_Hair"]].all()
    short = (hair & ~faces["Long_Hair"]) | faces["Bald"]
    assert faces.like(BESIDE_NECK, BACKGROUND)[short & ~faces["Beard"]].all()


def test_the_hair_has_the_colour_of_its_label(faces):
    hair = ~(faces["Bald"] | faces["Wearing_Hat"])
    labels = np.stack([faces[name] for name in HAIR_COLORS], axis=1)
    np.testing.assert_array_equal(labels.sum(axis=1), hair)
    away = np.abs(faces.at(HAIR)[:, None] - np.array([*HAIR_COLORS.values()])).max(axis=2)
    np.testing.assert_array_equal(away.argmin(axis=1)[hair], labels.argmax(axis=1)[hair])


def test_a_hat_covers_the_top_of_the_head(faces):
    hat = faces["Wearing_Hat"]
    assert not faces.skin(FOREHEAD_TOP)[hat].any()
    away = np.abs(faces.at(HAIR)[:, None] - np.array([*HAIR_COLORS.values()])).max(axis=2)
    # The colours of most hats differ from all hair colours.
    assert np.mean(away.min(axis=1)[hat] > 40) > 0.6


def test_labels_that_hide_each_other_are_exclusive(faces):
    for one, other in [
        ("Eyeglasses", "Sunglasses"),
        ("Sunglasses", "Eyes_Closed"),
        ("Beard", "Mustache"),
        ("Bald", "Wearing_Hat"),
        ("Bald", "Long_Hair"),
        ("Wearing_Hat", "Long_Hair"),
    ]:
        assert not (faces[one] & faces[other]).any()


def test_the_style_varies_independently_of_the_labels(faces):
    for label in ("Smiling", "Dark_Skin", "Eyeglasses", "Wearing_Hat"):
        colors = faces.at(BACKGROUND)[faces[label] & ~faces["Long_Hair"]]
        assert len(np.unique(colors, axis=0)) == len(colors)


def test_a_seed_draws_the_same_faces_for_any_n_jobs(bunch, tmp_path):
    again = make_avatars(70, random_state=1, n_jobs=2, data_home=tmp_path)
    # A smaller n_samples gives the first faces of a larger one.
    assert again.data.tobytes() == bunch.data[:70].tobytes()
    np.testing.assert_array_equal(again.target, bunch.target[:70])


def test_a_random_state_instance_draws_the_faces_of_its_seed(bunch):
    random = np.random.RandomState(1)
    first, second = (make_avatars(3, random_state=random) for _ in range(2))
    np.testing.assert_array_equal(first.data, bunch.data[:3])
    np.testing.assert_array_equal(second.data, bunch.data[3:6])


def test_different_seeds_draw_different_faces(tmp_path):
    one, other = (
        make_avatars(2, random_state=seed, data_home=tmp_path).data for seed in (0, 2)
    )
    assert (one != other).any()


@pytest.fixture
def no_drawing(monkeypatch):
    """Function that makes any further drawing raise."""

    def forbid(*_):
        raise AssertionError("unexpected drawing")

    return lambda: monkeypatch.setattr(_avatars, "_sample", forbid)


def test_a_second_call_reads_the_cache(tmp_path, no_drawing):
    first = make_avatars(3, random_state=0, data_home=tmp_path)
    no_drawing()
    again = make_avatars(
        3, random_state=np.int64(0), n_jobs=2, as_frame=True, data_home=tmp_path
    )
    np.testing.assert_array_equal(again.data, first.data)
    np.testing.assert_array_equal(again.target, first.target)


def test_modifying_the_result_does_not_change_the_cache(tmp_path):
    first, _ = make_avatars(3, random_state=0, return_X_y=True, data_home=tmp_path)
    expected = first.copy()
    first[:] = 0
    again, _ = make_avatars(3, random_state=0, return_X_y=True, data_home=tmp_path)
    np.testing.assert_array_equal(again, expected)
    again[:] = 0


@pytest.mark.parametrize("other", ["number", "seed", "recipe"])
def test_other_faces_are_not_read_from_the_cache(
    other, tmp_path, no_drawing, monkeypatch
):
    make_avatars(3, random_state=0, data_home=tmp_path)
    no_drawing()
    if other == "recipe":
        monkeypatch.setattr(_avatars.face, "RECIPE", -1)
    settings = {"n_samples": 4} if other == "number" else {"n_samples": 3}
    with pytest.raises(AssertionError, match="unexpected drawing"):
        make_avatars(**settings, random_state=int(other == "seed"), data_home=tmp_path)


def test_without_an_int_seed_nothing_is_cached(tmp_path):
    home = tmp_path / "home"
    make_avatars(1, data_home=home)
    make_avatars(1, random_state=np.random.RandomState(0), data_home=home)
    assert not home.exists()


def test_as_frame_returns_a_dataframe_of_labels(tmp_path):
    plain = make_avatars(3, random_state=0, data_home=tmp_path)
    X, y = make_avatars(
        3, random_state=0, as_frame=True, return_X_y=True, data_home=tmp_path
    )
    assert isinstance(X, np.ndarray)
    assert isinstance(y, pd.DataFrame)
    assert y.columns.tolist() == plain.target_names
    np.testing.assert_array_equal(y, plain.target)


@pytest.mark.parametrize("package", ["python_avatars", "resvg_py", "PIL"])
@pytest.mark.parametrize("random_state", [0, None])
def test_a_missing_package_raises_with_its_installation(
    package, random_state, monkeypatch, tmp_path
):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ImportError, match="pip install python-avatars resvg-py pillow"):
        make_avatars(1, random_state=random_state, data_home=tmp_path)


@pytest.mark.parametrize("n_samples", [0, -1, 2.5])
def test_n_samples_out_of_range_raises(n_samples):
    with pytest.raises(ValueError, match="The 'n_samples' parameter"):
        make_avatars(n_samples)
