"""One label of a drawn face changed: what must follow does, all else stays."""

import sys

import numpy as np
import pytest

from sklearn_revae.datasets import _avatar_faces as face
from sklearn_revae.datasets import make_avatars
from sklearn_revae.datasets._avatars import redraw_avatars

COLORS = {"Black_Hair", "Brown_Hair", "Blond_Hair", "Gray_Hair", "Red_Hair"}


def sampled(n, seed=0):
    random = np.random.RandomState(seed)
    holding = [face.sample_labels(random) - {""} for _ in range(n)]
    return [(labels, face.sample_parts(labels, random)) for labels in holding]


@pytest.fixture(scope="module")
def faces(tmp_path_factory):
    return make_avatars(40, random_state=3, data_home=tmp_path_factory.mktemp("home"))


@pytest.mark.parametrize("value", [0, 1])
@pytest.mark.parametrize("label", face.LABELS)
def test_a_changed_face_is_one_that_could_have_been_drawn(label, value):
    random = np.random.RandomState(0)
    for holding, parts in sampled(60):
        changed = face.change_labels(holding, parts, label, value, random)
        assert (label in changed) == bool(value)
        # What make_avatars says of its labels.
        for excluding in (
            {"Eyeglasses", "Sunglasses"},
            {"Sunglasses", "Eyes_Closed"},
            {"Beard", "Mustache"},
            {"Bald", "Wearing_Hat", "Long_Hair"},
        ):
            assert len(changed & excluding) <= 1
        assert len(changed & COLORS) == int(not changed & {"Bald", "Wearing_Hat"})
        new = face.change_parts(holding, parts, changed, random)
        allowed = face.sample_parts(changed, random)
        assert new.keys() == allowed.keys()
        assert new["top_kind"] == allowed["top_kind"]
        # Labels say all of a part that they speak of: what is kept agrees with them.
        again = face.change_parts(changed, new, changed, random)
        assert again == new


@pytest.mark.parametrize(
    ("holding", "label", "value", "expected"),
    [
        ({"Blond_Hair", "Beard"}, "Black_Hair", 1, {"Black_Hair", "Beard"}),
        ({"Sunglasses", "Red_Hair"}, "Eyeglasses", 1, {"Eyeglasses", "Red_Hair"}),
        ({"Eyeglasses", "Red_Hair"}, "Eyeglasses", 0, {"Red_Hair"}),
        ({"Eyes_Closed", "Bald"}, "Sunglasses", 1, {"Sunglasses", "Bald"}),
        ({"Sunglasses", "Bald"}, "Eyes_Closed", 1, {"Eyes_Closed", "Bald"}),
        ({"Eyes_Closed", "Bald"}, "Eyeglasses", 1, {"Eyes_Closed", "Eyeglasses", "Bald"}),
        ({"Mustache", "Gray_Hair"}, "Beard", 1, {"Beard", "Gray_Hair"}),
        ({"Long_Hair", "Red_Hair"}, "Bald", 1, {"Bald"}),
        ({"Long_Hair", "Red_Hair"}, "Wearing_Hat", 1, {"Wearing_Hat"}),
        ({"Long_Hair", "Red_Hair"}, "Long_Hair", 0, {"Red_Hair"}),
        ({"Wearing_Hat"}, "Bald", 1, {"Bald"}),
        ({"Wearing_Hat"}, "Red_Hair", 1, {"Red_Hair"}),
        ({"Smiling", "Bald"}, "Mouth_Open", 1, {"Smiling", "Mouth_Open", "Bald"}),
    ],
)
def test_what_a_label_excludes_goes_and_the_others_stay(holding, label, value, expected):
    random = np.random.RandomState(0)
    parts = face.sample_parts(holding, random)
    assert face.change_labels(holding, parts, label, value, random) == expected


@pytest.mark.parametrize("label", ["Bald", "Wearing_Hat"])
def test_hair_comes_back_in_the_beard_s_colour(label):
    random = np.random.RandomState(0)
    colors = set()
    for _ in range(20):
        parts = face.sample_parts({label, "Beard"}, random)
        changed = face.change_labels({label, "Beard"}, parts, label, 0, random)
        new = face.change_parts({label, "Beard"}, parts, changed, random)
        assert new["hair_color"] == parts["hair_color"]
        assert len(changed) == 2
        colors |= changed - {"Beard"}
    assert colors == COLORS


def test_hair_of_an_unknown_colour_comes_back_in_any():
    random = np.random.RandomState(0)
    parts = face.sample_parts({"Bald"}, random)
    drawn = [face.change_labels({"Bald"}, parts, "Bald", 0, random) for _ in range(60)]
    assert set().union(*drawn) == COLORS


def test_a_colour_taken_away_gives_way_to_any_other():
    random = np.random.RandomState(0)
    parts = face.sample_parts({"Red_Hair"}, random)
    drawn = [
        face.change_labels({"Red_Hair"}, parts, "Red_Hair", 0, random) for _ in range(60)
    ]
    assert set().union(*drawn) == COLORS - {"Red_Hair"}


@pytest.mark.parametrize(
    ("label", "value", "speaks_of"),
    [
        ("Smiling", 1, {"mouth"}),
        ("Dark_Skin", 0, {"skin_color"}),
        ("Eyeglasses", 1, {"accessory"}),
        ("Sunglasses", 1, {"accessory", "eyes"}),
        ("Long_Hair", 1, {"top", "top_kind", "hair_color"}),
        ("Bald", 1, {"top", "top_kind"}),
        ("Wearing_Hat", 1, {"top", "top_kind", "hat_color"}),
        ("Gray_Hair", 1, {"hair_color", "top", "top_kind"}),
    ],
)
def test_other_parts_stay(label, value, speaks_of):
    random = np.random.RandomState(0)
    differing = set()
    for holding, parts in sampled(200):
        changed = face.change_labels(holding, parts, label, value, random)
        new = face.change_parts(holding, parts, changed, random)
        differing |= {name for name in parts if new[name] != parts[name]}
    assert differing == speaks_of


@pytest.mark.parametrize(
    ("holding", "part"), [({"Bald"}, "hair_color"), ({"Red_Hair"}, "hat_color")]
)
def test_what_is_hidden_is_not_drawn_and_may_be_anything_once_seen(holding, part):
    random = np.random.RandomState(0)
    parts = face.sample_parts(holding, random)
    options = {face.sample_parts({"Wearing_Hat"}, random)[part] for _ in range(100)}
    pictures = [face.draw({**parts, part: value}).tobytes() for value in options]
    assert len(options) == 10
    assert len(set(pictures)) == 1
    changed = {"Wearing_Hat", "Beard"}
    drawn = [face.change_parts(holding, parts, changed, random) for _ in range(100)]
    assert {new[part] for new in drawn} == options


def test_a_face_that_has_the_value_is_drawn_as_it_was(faces):
    rows = np.flatnonzero(faces.target[:, faces.target_names.index("Smiling")])[:3]
    pictures, labels = redraw_avatars(rows, "Smiling", 1, seed=3, n_redraws=2)
    for draw in range(2):
        np.testing.assert_array_equal(pictures[:, draw], faces.data[rows])
        np.testing.assert_array_equal(labels[:, draw], faces.target[rows])


def test_only_the_mouth_changes_with_a_smile(faces):
    label = faces.target_names.index("Smiling")
    rows = np.flatnonzero(faces.target[:, label] == 0)[:4]
    pictures, labels = redraw_avatars(
        rows, "Smiling", 1, seed=3, n_redraws=4, random_state=0
    )
    expected = faces.target[rows]
    expected[:, label] = 1
    np.testing.assert_array_equal(labels, np.repeat(expected[:, None], 4, axis=1))
    down, across = np.nonzero((pictures != faces.data[rows][:, None]).any(axis=(0, 1, 4)))
    assert down.min() > 38
    assert down.max() < 56
    assert across.min() > 15
    assert across.max() < 48


def test_redraws_take_the_choices_that_there_are(faces):
    label, eyes = map(faces.target_names.index, ("Eyeglasses", "Eyes_Closed"))
    glasses = np.flatnonzero(faces.target[:, label] & (1 - faces.target[:, eyes]))[:1]
    off, _ = redraw_avatars(glasses, "Eyeglasses", 0, seed=3, n_redraws=4)
    assert len({picture.tobytes() for picture in off[0]}) == 1
    settings = {"seed": 3, "n_redraws": 12, "random_state": 0}
    other, _ = redraw_avatars(glasses, "Sunglasses", 1, **settings)
    assert len({picture.tobytes() for picture in other[0]}) == 4
    again, _ = redraw_avatars(glasses, "Sunglasses", 1, **settings)
    np.testing.assert_array_equal(again, other)


@pytest.mark.parametrize(
    ("rows", "label", "value", "message"),
    [
        ([0], "Smile", 1, "label='Smile' is none of"),
        ([0], "Smiling", 2, "value=2 is neither 0 nor 1"),
        ([-1], "Smiling", 1, "rows="),
        ([0.5], "Smiling", 1, "rows="),
        ([], "Smiling", 1, "rows="),
        ([[0]], "Smiling", 1, "rows="),
    ],
)
def test_what_cannot_be_drawn_raises(rows, label, value, message):
    with pytest.raises(ValueError, match=message):
        redraw_avatars(rows, label, value, seed=0)


def test_a_missing_package_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    with pytest.raises(ImportError, match="pip install python-avatars"):
        redraw_avatars([0], "Smiling", 1, seed=0)
