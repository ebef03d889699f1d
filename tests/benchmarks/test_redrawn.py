"""Faces redrawn with one label changed: only what depends on the label changes."""

import numpy as np
import pytest

from sklearn_revae.datasets import _avatar_faces as face
from sklearn_revae.datasets import make_avatars

COLORS = {"Black_Hair", "Brown_Hair", "Blond_Hair", "Gray_Hair", "Red_Hair"}


def sampled(n, seed=0):
    random = np.random.RandomState(seed)
    positive = [face.sample_labels(random) for _ in range(n)]
    return [(labels, face.sample_parts(labels, random)) for labels in positive]


@pytest.fixture
def redrawn(benchmark_module):
    return benchmark_module("redrawn")


@pytest.fixture(scope="module")
def faces(tmp_path_factory):
    return make_avatars(40, random_state=3, data_home=tmp_path_factory.mktemp("home"))


@pytest.mark.parametrize("value", [0, 1])
@pytest.mark.parametrize("label", face.LABELS)
def test_a_changed_face_is_one_that_make_avatars_could_draw(redrawn, label, value):
    random = np.random.RandomState(0)
    for positive, parts in sampled(60):
        changed = redrawn.change_labels(positive, parts, label, value, random)
        assert (label in changed) == bool(value)
        # The exclusions that the docstring of make_avatars lists.
        for excluding in (
            {"Eyeglasses", "Sunglasses"},
            {"Sunglasses", "Eyes_Closed"},
            {"Beard", "Mustache"},
            {"Bald", "Wearing_Hat", "Long_Hair"},
        ):
            assert len(changed & excluding) <= 1
        assert len(changed & COLORS) == int(not changed & {"Bald", "Wearing_Hat"})
        new = redrawn.change_parts(positive, parts, changed, random)
        allowed = face.sample_parts(changed, random)
        assert new.keys() == allowed.keys()
        assert new["top_kind"] == allowed["top_kind"]
        # All parts agree with the new labels, so a second change has nothing to do.
        again = redrawn.change_parts(changed, new, changed, random)
        assert again == new


@pytest.mark.parametrize(
    ("positive", "label", "value", "expected"),
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
def test_excluded_labels_become_0_and_others_are_kept(
    redrawn, positive, label, value, expected
):
    random = np.random.RandomState(0)
    parts = face.sample_parts(positive, random)
    assert redrawn.change_labels(positive, parts, label, value, random) == expected


@pytest.mark.parametrize("label", ["Bald", "Wearing_Hat"])
def test_hair_that_becomes_visible_has_the_colour_of_the_beard(redrawn, label):
    random = np.random.RandomState(0)
    colors = set()
    for _ in range(20):
        parts = face.sample_parts({label, "Beard"}, random)
        changed = redrawn.change_labels({label, "Beard"}, parts, label, 0, random)
        new = redrawn.change_parts({label, "Beard"}, parts, changed, random)
        assert new["hair_color"] == parts["hair_color"]
        assert len(changed) == 2
        colors |= changed - {"Beard"}
    assert colors == COLORS


def test_hair_that_becomes_visible_without_a_beard_has_any_colour(redrawn):
    random = np.random.RandomState(0)
    parts = face.sample_parts({"Bald"}, random)
    drawn = [redrawn.change_labels({"Bald"}, parts, "Bald", 0, random) for _ in range(60)]
    assert set().union(*drawn) == COLORS


def test_a_hair_colour_set_to_0_is_replaced_by_any_other(redrawn):
    random = np.random.RandomState(0)
    parts = face.sample_parts({"Red_Hair"}, random)
    drawn = [
        redrawn.change_labels({"Red_Hair"}, parts, "Red_Hair", 0, random)
        for _ in range(60)
    ]
    assert set().union(*drawn) == COLORS - {"Red_Hair"}


@pytest.mark.parametrize(
    ("label", "value", "dependent_parts"),
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
def test_parts_that_do_not_depend_on_the_label_are_kept(
    redrawn, label, value, dependent_parts
):
    random = np.random.RandomState(0)
    differing = set()
    for positive, parts in sampled(200):
        changed = redrawn.change_labels(positive, parts, label, value, random)
        new = redrawn.change_parts(positive, parts, changed, random)
        differing |= {name for name in parts if new[name] != parts[name]}
    assert differing == dependent_parts


@pytest.mark.parametrize(
    ("positive", "part"), [({"Bald"}, "hair_color"), ({"Red_Hair"}, "hat_color")]
)
def test_hidden_parts_do_not_affect_the_image_and_are_redrawn_once_visible(
    redrawn, positive, part
):
    random = np.random.RandomState(0)
    parts = face.sample_parts(positive, random)
    options = {face.sample_parts({"Wearing_Hat"}, random)[part] for _ in range(100)}
    images = [face.draw({**parts, part: value}).tobytes() for value in options]
    assert len(options) == 10
    assert len(set(images)) == 1
    changed = {"Wearing_Hat", "Beard"}
    drawn = [redrawn.change_parts(positive, parts, changed, random) for _ in range(100)]
    assert {new[part] for new in drawn} == options


def test_a_face_that_already_has_the_value_is_unchanged(redrawn, faces):
    rows = np.flatnonzero(faces.target[:, faces.target_names.index("Smiling")])[:3]
    images, labels = redrawn.redraw_avatars(rows, "Smiling", 1, seed=3, n_redraws=2)
    for draw in range(2):
        np.testing.assert_array_equal(images[:, draw], faces.data[rows])
        np.testing.assert_array_equal(labels[:, draw], faces.target[rows])


def test_a_smile_changes_only_the_mouth(redrawn, faces):
    label = faces.target_names.index("Smiling")
    rows = np.flatnonzero(faces.target[:, label] == 0)[:4]
    images, labels = redrawn.redraw_avatars(
        rows, "Smiling", 1, seed=3, n_redraws=4, random_state=0
    )
    expected = faces.target[rows]
    expected[:, label] = 1
    np.testing.assert_array_equal(labels, np.repeat(expected[:, None], 4, axis=1))
    down, across = np.nonzero((images != faces.data[rows][:, None]).any(axis=(0, 1, 4)))
    assert down.min() > 38
    assert down.max() < 56
    assert across.min() > 15
    assert across.max() < 48


def test_redraws_vary_where_the_change_leaves_a_choice(redrawn, faces):
    label, eyes = map(faces.target_names.index, ("Eyeglasses", "Eyes_Closed"))
    glasses = np.flatnonzero(faces.target[:, label] & (1 - faces.target[:, eyes]))[:1]
    off, _ = redrawn.redraw_avatars(glasses, "Eyeglasses", 0, seed=3, n_redraws=4)
    assert len({image.tobytes() for image in off[0]}) == 1
    settings = {"seed": 3, "n_redraws": 12, "random_state": 0}
    other, _ = redrawn.redraw_avatars(glasses, "Sunglasses", 1, **settings)
    assert len({image.tobytes() for image in other[0]}) == 4
    again, _ = redrawn.redraw_avatars(glasses, "Sunglasses", 1, **settings)
    np.testing.assert_array_equal(again, other)


@pytest.mark.parametrize(
    ("rows", "label", "value", "message"),
    [
        ([0], "Smiling", 2, "value=2 is no value of Smiling"),
        ([-1], "Smiling", 1, "rows must be"),
        ([0.5], "Smiling", 1, "rows must be"),
        ([], "Smiling", 1, "rows must be"),
        ([[0]], "Smiling", 1, "rows must be"),
    ],
)
def test_invalid_arguments_raise(redrawn, rows, label, value, message):
    with pytest.raises(ValueError, match=message):
        redrawn.redraw_avatars(rows, label, value, seed=0)


@pytest.mark.parametrize(
    ("positive", "label", "value", "change"),
    [
        ({"Red_Hair"}, "Hair", "hat", ("Wearing_Hat", 1)),
        ({"Red_Hair"}, "Hair", "red", ("Red_Hair", 1)),
        ({"Sunglasses"}, "Glasses", "none", ("Sunglasses", 0)),
        (set(), "Glasses", "none", ("Eyeglasses", 0)),
        (set(), "Facial_Hair", "mustache", ("Mustache", 1)),
        ({"Smiling"}, "Smiling", 0, ("Smiling", 0)),
    ],
)
def test_a_grouped_label_is_set_by_a_binary_one(redrawn, positive, label, value, change):
    assert redrawn.binary_change(positive, label, value) == change


@pytest.mark.parametrize(
    ("label", "value"), [("Hair", "none"), ("Glasses", 1), ("Smiling", "yes")]
)
def test_a_value_that_a_label_does_not_have_is_named(redrawn, label, value):
    with pytest.raises(ValueError, match=f"value={value!r} is no value of {label}"):
        redrawn.redraw_avatars([0], label, value, seed=0)
