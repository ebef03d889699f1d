"""The label that an argument of a display means."""

import numpy as np
import pandas as pd
import pytest

from sklearn_revae.inspection._labels import label_index


@pytest.fixture(scope="module")
def numbered_labels(quick_classifier, blobs):
    """A model whose labels are named by the integers 3 and 0, in this order."""
    X, y = blobs
    return quick_classifier().fit(X, pd.DataFrame({3: y, 0: y > 0}))


@pytest.mark.parametrize(("label", "position"), [(3, 0), (0, 1), (np.int64(3), 0)])
def test_an_integer_is_the_name_of_a_label_where_labels_have_such_names(
    label, position, numbered_labels
):
    assert label_index(numbered_labels, label) == position


def test_a_position_is_not_a_label_where_integers_are_names(numbered_labels):
    with pytest.raises(ValueError, match=r"label: 1 is not .*one of \['3', '0'\]\."):
        label_index(numbered_labels, 1)
