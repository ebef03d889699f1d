"""The parameter class_weight shifts weight between labelled samples."""

from functools import partial

import numpy as np
import pytest
import torch
from sklearn.datasets import make_blobs
from sklearn.metrics import recall_score
from sklearn.utils.class_weight import compute_class_weight, compute_sample_weight


def _same(model, other):
    """Whether two models have the same parameters up to rounding."""
    state, other_state = (m.module_.state_dict().values() for m in (model, other))
    return all(map(partial(torch.allclose, atol=1e-4), state, other_state))


@pytest.fixture
def same_fit(quick_classifier):
    """Whether class_weight and sample_weight, in two classifiers, give the same one."""

    def same(X, y, class_weight, sample_weight):
        by_class = quick_classifier(class_weight=class_weight).fit(X, y)
        return _same(by_class, quick_classifier().fit(X, y, sample_weight))

    return same


def _relative(factors, labeled, weight=None):
    """Factors that keep the total weight of the labelled samples."""
    weight = np.ones(len(factors)) if weight is None else weight
    mean = np.average(factors[labeled], weights=weight[labeled])
    return np.where(labeled, factors / mean, 1.0)


def _factors(y, class_weight, weight=None):
    """What scikit-learn makes of the weights of classes, with 1 where y is -1."""
    factors = np.ones(len(y))
    factors[y != -1] = compute_sample_weight(class_weight, y[y != -1])
    return _relative(factors, y != -1, weight)


@pytest.mark.parametrize(
    "class_weight",
    [{0: 3.0, 1: 0.5, 2: 1.0}, {1: 4}, "balanced", {0: 2, 1: 2, 2: 2, 9: 1}],
)
def test_one_label(class_weight, few_blobs, same_fit):
    X, y = few_blobs
    y = np.where((y == 0) & (np.arange(60) % 3 > 0), -1, y)
    assert len(np.unique(np.bincount(y[y >= 0]))) > 1
    assert same_fit(X, y, class_weight, _factors(y, class_weight))


def test_only_the_ratios_of_the_weights_matter(few_blobs, quick_classifier):
    X, y = few_blobs
    small, large = (
        quick_classifier(class_weight={0: unit, 1: 9 * unit, 2: unit}).fit(X, y)
        for unit in (1e-4, 1)
    )
    np.testing.assert_allclose(small.predict_proba(X), large.predict_proba(X), rtol=1e-4)
    equal = quick_classifier(class_weight={0: 0.7, 1: 0.7, 2: 0.7}).fit(X, y)
    none = quick_classifier().fit(X, y, np.full(60, 1e-3))
    plain = quick_classifier().fit(X, y).predict_proba(X)
    np.testing.assert_array_equal(equal.predict_proba(X), plain)
    np.testing.assert_array_equal(none.predict_proba(X), plain)


def test_weights_of_classes_and_samples_are_multiplied(few_blobs, quick_classifier):
    X, y = few_blobs
    given = np.linspace(0.5, 2.0, 60)
    kept = given.copy()
    model = quick_classifier(class_weight={2: 5.0}).fit(X, y, given)
    same = quick_classifier().fit(X, y, given * _factors(y, {2: 5.0}, given))
    assert _same(model, same)
    np.testing.assert_array_equal(given, kept)


def test_several_labels(two_labels, same_fit):
    X, y = two_labels
    known = y != -1
    place = np.where(y[:, 0] == "left", 3.0, 1.0)
    size = np.where(y[:, 1] == 6, 0.5, 2.0)
    factors = np.where(known[:, 0], place, 1.0) * np.where(known[:, 1], size, 1.0)
    factors = _relative(factors, known.any(axis=1))
    assert same_fit(X, y, [{"left": 3.0}, {5: 2.0, 6: 0.5}], factors)
    balanced = np.ones(60)
    for label in range(2):
        seen = known[:, label]
        balanced[seen] *= compute_sample_weight("balanced", y[seen, label].astype(str))
    balanced = _relative(balanced, known.any(axis=1))
    assert same_fit(X, y, "balanced", balanced)
    assert same_fit(X, y, ["balanced", "balanced"], balanced)


def test_class_frequencies_follow(few_blobs, quick_classifier):
    X, y = few_blobs
    model = quick_classifier(class_weight={0: 2.0, 2: 0.5}).fit(X, y)
    expected = np.bincount(y[y >= 0]) * [2.0, 1.0, 0.5]
    expected *= (y >= 0).sum() / expected.sum()
    np.testing.assert_allclose(model._labels.counts_[0], expected)
    for member in model.module_.members:
        prior = member.label_model.log_prior[0].exp().numpy()
        np.testing.assert_allclose(prior, expected / expected.sum(), atol=0.03)


def test_balanced_counts_weights_and_no_unlabelled_sample(few_blobs, quick_classifier):
    X, y = few_blobs
    weight = np.where(np.arange(60) < 40, 1.0, 3.0)
    model = quick_classifier(class_weight="balanced").fit(X, y, weight)
    frequencies = model._labels.counts_[0]
    np.testing.assert_allclose(frequencies, weight[y != -1].sum() / 3 / weight.mean())


def test_balanced_finds_more_of_a_rare_class(quick_classifier):
    X, y = make_blobs([400, 20], 4, centers=None, cluster_std=3.5, random_state=1)
    few = np.where(np.arange(420) % 2 == 0, y, -1)
    plain, balanced = (
        quick_classifier(max_iter=15, n_members=1, class_weight=class_weight).fit(X, few)
        for class_weight in (None, "balanced")
    )
    recalls = [recall_score(y, model.predict(X)) for model in (plain, balanced)]
    assert recalls[1] > recalls[0] + 0.2


def test_a_transformer_weighs_classes_too(few_blobs, quick_transformer):
    X, y = few_blobs
    model = quick_transformer(class_weight={1: 3.0}).fit(X, y)
    assert _same(model, quick_transformer().fit(X, y, _factors(y, {1: 3.0})))
    # There are no classes to weigh without labels.
    assert quick_transformer(class_weight="balanced").fit(X).n_iter_ == 2


@pytest.mark.parametrize(
    ("class_weight", "message"),
    [
        ({7: 2.0}, r"holds \[7\], but label_0 has the classes \[0, 1, 2\]"),
        ({"0": 2.0}, r"holds \['0'\], but label_0 has the classes"),
        ({-1: 0.5, 0: 2.0}, r"holds \[-1\].*unlabelled samples belong in sample_weight"),
        ({-1: 0.5, 0: 2, 1: 2, 2: 2}, r"unlabelled samples belong in sample_weight"),
        ({0: 0}, "positive finite numbers, but the weight of 0 is 0"),
        ({0: -2.0}, "the weight of 0 is -2.0"),
        ({0: np.inf}, "the weight of 0 is inf"),
        ({0: "heavy"}, "the weight of 0 is 'heavy'"),
        ([{0: 1}, {1: 1}], r"y has 1 label\(s\).*, got \[\{0: 1\}, \{1: 1\}\]"),
        ([], r"must be 'balanced' or a dict {class: weight}, got \[\]"),
        ("heavy", "'class_weight' parameter"),
    ],
)
def test_wrong_weights_of_one_label_raise(
    class_weight, message, few_blobs, quick_classifier
):
    model = quick_classifier(class_weight=class_weight)
    with pytest.raises(ValueError, match=message):
        model.fit(*few_blobs)
    assert not hasattr(model, "module_")


@pytest.mark.parametrize(
    ("class_weight", "message"),
    [
        ({"left": 2.0}, r"y has 2 label\(s\).*list with a dict {class: weight} or"),
        ([{"left": 2.0}], r"y has 2 label\(s\).*, got \[\{'left': 2.0\}\]"),
        ([{"left": 2.0}, 3], "list with a dict {class: weight} or 'balanced' for each"),
        ([{"top": 2.0}, {5: 1.0}], r"holds \['top'\], but label_0 has the classes"),
    ],
)
def test_wrong_weights_of_several_labels_raise(
    class_weight, message, two_labels, quick_classifier
):
    with pytest.raises(ValueError, match=message):
        quick_classifier(class_weight=class_weight).fit(*two_labels)


def test_partial_fit_takes_a_dict_only(blobs, quick_classifier):
    X, y = blobs
    for class_weight in ("balanced", ["balanced"]):
        model = quick_classifier(class_weight=class_weight)
        with pytest.raises(ValueError, match=r"not supported by partial_fit.*as a dict"):
            model.partial_fit(X, y, classes=[0, 1, 2])
    weights = compute_class_weight("balanced", classes=np.unique(y), y=y)
    weights = dict(enumerate(weights * [1, 2, 3]))
    model = quick_classifier(class_weight=weights)
    for index in (y == 0, y != 0):
        # The weights of the samples are relative to those of the same batch.
        model.partial_fit(X[index], y[index], [0, 1, 2], np.full(index.sum(), 0.1))
    np.testing.assert_allclose(model._labels.counts_[0], [20, 40, 60])


def test_a_class_that_is_called_balanced(blobs, quick_classifier):
    X, y = blobs
    y = np.where(y == 0, "balanced", "skewed")
    model = quick_classifier(class_weight={"balanced": 2.0})
    model.partial_fit(X, y, classes=["balanced", "skewed"])
    np.testing.assert_allclose(model._labels.counts_[0], [40, 40])
