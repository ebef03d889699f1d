"""What is asked on a page becomes one call, run and written as code."""

import numpy as np
import pandas as pd
import pytest

from sklearn_revae.demo._edit import Edit, classes_of, code, edited, predicted, report

EDITS = [
    Edit(row=3),
    Edit(row=3).slid("smokes", 0.9),
    Edit(row=4).set("smokes", "yes"),
    Edit(row=5).slid("smokes", 0.1).set("risk", 3),
    Edit(row=6, keep=("age",)).set("risk", 0),
    Edit(row=7).set("smokes", "yes").drawn().drawn(),
    Edit(row=8, donor=9),
    Edit(row=8, donor=9, swapped=("risk",), keep=("plan", "age")),
]


@pytest.mark.parametrize("edit", EDITS, ids=range(len(EDITS)))
def test_the_code_gives_the_edited_row(edit, patients):
    model, X = patients
    names = {"model": model, "X": X}
    exec(code(model, X, edit), names)
    new = edited(model, X, edit)
    pd.testing.assert_frame_equal(names["edited"], new, check_exact=True)
    kept = list(edit.keep)
    pd.testing.assert_frame_equal(new[kept], X.iloc[[edit.row]][kept])


def test_nothing_asked_is_the_row_itself(patients):
    model, X = patients
    edit = Edit(row=3).slid("smokes", 0.4).slid("smokes", None)
    pd.testing.assert_frame_equal(edited(model, X, edit), X.iloc[[3]])
    assert report(model, X, edit) is None


def test_a_slider_and_a_value_of_a_label_replace_each_other(patients):
    model, _ = patients
    edit = Edit().slid("smokes", 0.2).set("smokes", "yes")
    assert edit.places == {}
    assert edit.asked(model) == {"smokes": "yes"}
    edit = edit.slid("smokes", 0.2)
    assert edit.values == {}
    assert edit.asked(model) == {"smokes": "no"}


def test_drawing_anew_changes_the_draw_alone(patients):
    model, X = patients
    asked = Edit(row=2).set("smokes", "yes")
    first, second = asked.drawn(), asked.drawn().drawn()
    assert first.asked(model) == second.asked(model) == asked.asked(model)
    assert not edited(model, X, first).equals(edited(model, X, second))


def test_a_report_of_a_swap_asks_for_what_the_donor_shows(patients):
    model, X = patients
    seen = predicted(model, X.iloc[[9]])
    found = report(model, X, Edit(row=8, donor=9))
    assert {name: values[0] for name, values in found.asked.items()} == seen


def test_a_transformer_tells_what_it_sees_as_a_classifier_does(blobs, quick_transformer):
    X, y = blobs
    model = quick_transformer(max_iter=30, learning_rate_init=0.01).fit(X, y)
    assert classes_of(model, "label_0") == [0, 1, 2]
    seen = [predicted(model, X[[i]])["label_0"] for i in range(20)]
    assert np.mean(seen == y[:20]) > 0.8
