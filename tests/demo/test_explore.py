"""The notebook widget, operated as by a user."""

import numpy as np
import pytest

from sklearn_revae.demo import explore

pytest.importorskip("ipywidgets", reason="requires pip install sklearn-revae[demo]")


@pytest.fixture
def faces(avatars):
    return explore(*avatars).explorer


def test_a_slider_changes_the_image_and_reset_undoes_it(faces):
    start, position = faces.edited.value, faces.sliders["Smiling"].value
    faces.sliders["Smiling"].value = 0.7
    assert faces.edited.value != start
    assert "'Smiling': 0.7" in faces.code.value
    assert "Smiling = 1" in faces.report.value
    faces.reset.click()
    assert faces.edited.value == start
    assert faces.sliders["Smiling"].value == position


def test_a_chosen_class_moves_the_slider_and_the_slider_replaces_it(faces):
    faces.choices["Dark_Skin"].value = 1
    assert "{'Dark_Skin': 1}" in faces.code.value
    assert faces.sliders["Dark_Skin"].value > 0.4
    faces.sliders["Dark_Skin"].value = 0.3
    assert faces.choices["Dark_Skin"].label == "unchanged"
    assert "method={'Dark_Skin': 0.3}" in faces.code.value


def test_reset_leaves_no_list_blank(faces):
    faces.choices["Dark_Skin"].value = 1
    faces.donor.value = 4
    faces.reset.click()
    assert faces.choices["Dark_Skin"].label == "unchanged"
    assert faces.donor.label == "none"
    faces.choices["Dark_Skin"].value = 1
    faces.choices["Dark_Skin"].label = "unchanged"
    assert faces.code.value == "edited = X[[0]]"


def test_another_sample_has_another_image(faces):
    first = faces.original.value
    faces.sliders["Dark_Skin"].value = 0.7
    faces.row.value = 5
    assert faces.original.value != first
    assert faces.code.value == "edited = X[[5]]"


def test_the_code_reproduces_a_swap_and_a_draw(faces, avatars):
    names = dict(zip(("model", "X"), avatars, strict=True))
    faces.donor.value = 4
    faces.swapped.value = ("Dark_Skin",)
    exec(faces.code.value, names)
    swapped = names["edited"]
    model, X = avatars
    np.testing.assert_array_equal(swapped, model.swap(X[:1], X[4:5], ["Dark_Skin"]))
    assert faces.draw.disabled
    faces.choices["Hair"].value = "red"
    assert not faces.draw.disabled
    faces.draw.click()
    assert "'sample'" in faces.code.value
    first = faces.edited.value
    faces.draw.click()
    assert faces.edited.value != first


def test_a_label_of_several_classes_has_a_list_only(patients):
    widget = explore(*patients).explorer
    assert list(widget.sliders) == ["smokes"]
    widget.choices["risk"].value = 4
    assert "{'risk': 4}" in widget.code.value


def test_a_locked_feature_of_a_table_is_unchanged(patients):
    widget = explore(*patients).explorer
    widget.choices["smokes"].value = "yes"
    widget.locks.value = ("volume",)
    assert "keep=['volume']" in widget.code.value
    assert '<th scope="row">volume</th>' in widget.edited.value
    assert "<td>locked</td>" in widget.edited.value


def test_a_model_without_labels_shows_a_note(blobs, quick_transformer):
    widget = explore(quick_transformer().fit(blobs[0]), blobs[0])
    assert "without labels" in widget.children[-1].value
