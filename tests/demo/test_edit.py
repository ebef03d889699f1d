"""An edit is one call of the model, which is run and written as Python code."""

import numpy as np
import pandas as pd
import pytest

from sklearn_revae.demo._edit import (
    Edit,
    classes_of,
    code,
    edited,
    predicted_classes,
    report,
)
from sklearn_revae.demo._images import Images

EDITS = [
    Edit(row=3),
    Edit(row=3).move("smokes", 0.9),
    Edit(row=4).set("smokes", "yes"),
    Edit(row=5).move("smokes", 0.1).set("risk", 3),
    Edit(row=6, keep=("age",)).set("risk", 0),
    Edit(row=7).set("smokes", "yes").redraw().redraw(),
    Edit(row=8, donor=9),
    Edit(row=8, donor=9, swapped=("risk",), keep=("plan", "age")),
]


@pytest.mark.parametrize("edit", EDITS, ids=range(len(EDITS)))
def test_the_code_computes_the_edited_sample(edit, patients):
    model, X = patients
    names = {"model": model, "X": X}
    exec(code(model, X, edit), names)
    new = edited(model, X, edit)
    pd.testing.assert_frame_equal(names["edited"], new, check_exact=True)
    kept = list(edit.keep)
    pd.testing.assert_frame_equal(new[kept], X.iloc[[edit.row]][kept])


def test_without_requests_the_sample_is_unchanged(patients):
    model, X = patients
    edit = Edit(row=3).move("smokes", 0.4).move("smokes", None)
    pd.testing.assert_frame_equal(edited(model, X, edit), X.iloc[[3]])
    assert report(model, X, edit) is None


def test_a_position_and_a_class_of_a_label_replace_each_other(patients):
    model, _ = patients
    edit = Edit().move("smokes", 0.2).set("smokes", "yes")
    assert edit.positions == {}
    assert edit.requests(model) == {"smokes": "yes"}
    edit = edit.move("smokes", 0.2)
    assert edit.values == {}
    assert edit.requests(model) == {"smokes": "no"}


def test_redraw_keeps_the_requests_and_changes_the_sample(patients):
    model, X = patients
    edit = Edit(row=2).set("smokes", "yes")
    first, second = edit.redraw(), edit.redraw().redraw()
    assert first.requests(model) == second.requests(model) == edit.requests(model)
    assert not edited(model, X, first).equals(edited(model, X, second))


def test_a_report_of_a_swap_requests_the_classes_of_the_donor(patients):
    model, X = patients
    predicted = predicted_classes(model, X.iloc[[9]])
    found = report(model, X, Edit(row=8, donor=9))
    assert {name: values[0] for name, values in found.requested.items()} == predicted


def test_predicted_classes_of_a_transformer_are_mostly_right(blobs, quick_transformer):
    X, y = blobs
    model = quick_transformer(max_iter=30, learning_rate_init=0.01).fit(X, y)
    assert classes_of(model, "label_0") == [0, 1, 2]
    predicted = [predicted_classes(model, X[[i]])["label_0"] for i in range(20)]
    assert np.mean(predicted == y[:20]) > 0.8


def test_colours_are_not_stretched():
    X = np.full((1, 2, 2, 3), [0.8, 0.6, 0.4])
    assert Images.of(X, None).pixels(X)[0, 0, 0].tolist() == [204, 153, 102]
