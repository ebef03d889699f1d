"""partial_fit: batch by batch, from iterators and DataLoaders, with statistics."""

import copy
import pickle

import numpy as np
import pytest
import torch
from sklearn.datasets import load_breast_cancer
from torch.utils.data import DataLoader, Dataset, TensorDataset

from sklearn_revae._data import reservoir
from sklearn_revae._data.reservoir import Reservoir
from sklearn_revae._sample_statistics import STATISTICS
from sklearn_revae.persistence import load, save


def test_partial_fit_trains_for_one_epoch(few_blobs, quick_classifier):
    X, y = few_blobs
    model = quick_classifier(max_iter=50).partial_fit(X, y, classes=[0, 1, 2])
    assert model.n_iter_ == 1
    assert model.partial_fit(X, y).n_iter_ == 2


def test_partial_fit_learns(blobs, few_blobs, quick_classifier):
    X, y = few_blobs
    model = quick_classifier(batch_size=10, learning_rate_init=0.01)
    for _ in range(15):
        model.partial_fit(X, y, classes=[0, 1, 2])
    assert model.score(*blobs) > 0.9


def test_the_first_call_needs_classes(few_blobs, quick_classifier):
    with pytest.raises(ValueError, match="classes must be passed"):
        quick_classifier().partial_fit(*few_blobs)


@pytest.mark.parametrize("marker", [-1, np.nan])
def test_the_marker_is_no_class(marker, few_blobs, quick_classifier):
    X, y = few_blobs
    y = np.where(y < 0, marker, y)
    model = quick_classifier().partial_fit(X, y, classes=np.unique(y))
    model.partial_fit(X, y, classes=np.unique(y)).partial_fit(X, y, classes=[2, 1, 0])
    assert model.classes_.tolist() == [0, 1, 2]
    with pytest.raises(ValueError, match="not those of the first call"):
        model.partial_fit(X, y, classes=[0, 1, None])
    with pytest.raises(ValueError, match="classes holds no class"):
        quick_classifier().partial_fit(X, y, classes=[marker])


def test_classes_need_not_occur_in_the_first_batch(few_blobs, quick_classifier):
    X, y = few_blobs
    model = quick_classifier().partial_fit(X, y, classes=[2, 0, 1, 8])
    np.testing.assert_array_equal(model.classes_, [0, 1, 2, 8])


def test_a_value_that_is_not_a_class_is_refused(few_blobs, quick_classifier):
    X, y = few_blobs
    model = quick_classifier()
    with pytest.raises(ValueError, match="2 is not a value"):
        model.partial_fit(X, y, classes=[0, 1])
    assert not hasattr(model, "module_")


@pytest.mark.parametrize("classes", [2, "ab", {0, 1}, {0: 1}, [[0, 1]]], ids=str)
def test_classes_must_be_one_dimensional(classes, few_blobs, quick_classifier):
    with pytest.raises(ValueError, match=r"classes holds .* for label_0.*one-dimen"):
        quick_classifier().partial_fit(*few_blobs, classes=classes)


@pytest.mark.parametrize("classes", [2, {0, 1}, [0, 1], ["ab", "cd"]], ids=str)
def test_classes_of_several_labels_must_be_arrays(classes, two_labels, quick_classifier):
    with pytest.raises(ValueError, match=r"classes h.*list with one .* per label"):
        quick_classifier().partial_fit(*two_labels, classes=classes)


def test_classes_must_be_of_one_kind(few_blobs, quick_classifier):
    with pytest.raises(ValueError, match="classes holds both strings and other"):
        quick_classifier().partial_fit(*few_blobs, classes=[0, "a"])


def test_other_classes_are_refused_later(few_blobs, quick_classifier):
    X, y = few_blobs
    model = quick_classifier().partial_fit(X, y, classes=[0, 1, 2])
    with pytest.raises(ValueError, match=r"classes=\[0, 1, 2, 3\]"):
        model.partial_fit(X, y, classes=[0, 1, 2, 3])
    assert model.n_iter_ == 1


def test_a_batch_may_be_unlabelled(few_blobs, quick_classifier):
    X, y = few_blobs
    unlabelled = np.full_like(y, -1)
    model = quick_classifier().partial_fit(X, unlabelled, classes=[0, 1, 2])
    model.partial_fit(X, y).partial_fit(X, unlabelled)
    assert model.n_iter_ == 3
    assert np.isfinite(model.loss_curve_).all()


def test_several_labels(two_labels, quick_classifier):
    X, y = two_labels
    model = quick_classifier()
    model.partial_fit(X[:20], y[:20], classes=[["left", "middle", "right"], [5, 6]])
    model.partial_fit(X[20:], y[20:])
    assert model.predict(X).shape == (60, 2)


def test_partial_fit_continues_a_fit(few_blobs, quick_classifier):
    model = quick_classifier().fit(*few_blobs).partial_fit(*few_blobs)
    assert model.n_iter_ == 3


def test_the_transformer_needs_no_labels(blobs, quick_transformer):
    X = blobs[0]
    model = quick_transformer().partial_fit(X[:30]).partial_fit(X[30:])
    assert model.n_iter_ == 2
    assert model.label_names_ == []


def test_the_transformer_accepts_labels(few_blobs, quick_transformer):
    X, y = few_blobs
    model = quick_transformer().partial_fit(X, y, classes=[0, 1, 2]).partial_fit(X)
    assert model.label_names_ == ["label_0"]


def test_the_transformer_refuses_labels_after_a_call_without(
    few_blobs, quick_transformer
):
    X, y = few_blobs
    model = quick_transformer().partial_fit(X)
    with pytest.raises(ValueError, match="first fitted without labels"):
        model.partial_fit(X, y)


def test_classes_announce_labels_of_later_batches(few_blobs, quick_transformer):
    X, y = few_blobs
    model = quick_transformer().partial_fit(X, classes=[0, 1, 2])
    assert model.partial_fit(X, y).label_names_ == ["label_0"]


# Batches of a DataLoader


def _as_tensors(X, y, weight):
    return [torch.from_numpy(array) for array in (X, y, weight)]


def _as_a_list(X, y, weight):
    return [X, y, weight]


def _as_a_tuple(X, y, weight):
    return X, y, weight


@pytest.mark.parametrize("make", [_as_tensors, _as_a_list, _as_a_tuple])
@pytest.mark.parametrize("n_parts", [2, 3])
def test_batches_are_tuples_or_lists(
    make, n_parts, few_blobs, quick_classifier, weight_bytes
):
    X, y = few_blobs[0].copy(), few_blobs[1].copy()
    weight = np.linspace(0.5, 2, 60)
    expected, model = quick_classifier(), quick_classifier()
    for start in (0, 30):
        part = slice(start, start + 30)
        arrays = X[part], y[part], weight[part] if n_parts == 3 else None
        expected.partial_fit(*arrays[:2], [0, 1, 2], arrays[2])
    batches = (make(X[s : s + 30], y[s : s + 30], weight[s : s + 30]) for s in (0, 30))
    model.partial_fit((batch[:n_parts] for batch in batches), classes=[0, 1, 2])
    assert weight_bytes(model) == weight_bytes(expected)


def test_a_data_loader_is_a_stream_of_batches(few_blobs, quick_classifier, weight_bytes):
    X, y = map(torch.tensor, few_blobs)
    loader = DataLoader(TensorDataset(X, y), batch_size=25)
    model = quick_classifier().partial_fit(loader, classes=[0, 1, 2])
    assert model.n_iter_ == 3
    again = quick_classifier().partial_fit(iter(loader), classes=[0, 1, 2])
    assert weight_bytes(model) == weight_bytes(again)
    # Unlike an iterator, it can be used again.
    assert model.partial_fit(loader).n_iter_ == 6


class _Named(Dataset):
    """Pictures with classes that are strings, which a DataLoader collates to tuples."""

    def __len__(self):
        return 24

    def __getitem__(self, i):
        return torch.rand(4, 4, generator=torch.Generator().manual_seed(i)), "ab"[i % 2]


def test_a_data_loader_of_pictures_and_strings(quick_classifier):
    loader = DataLoader(_Named(), batch_size=12)
    model = quick_classifier().partial_fit(loader, classes=["a", "b"])
    assert model.n_iter_ == 2
    assert set(model.predict(next(iter(loader))[0])) <= {"a", "b"}


@pytest.mark.parametrize("columns", [TensorDataset, lambda X: X])
def test_a_data_loader_without_labels(columns, blobs, quick_transformer):
    X = torch.tensor(blobs[0])
    model = quick_transformer().partial_fit(DataLoader(columns(X), batch_size=20))
    assert model.n_iter_ == 3


def test_a_batch_can_be_a_list_of_samples(blobs, quick_transformer, weight_bytes):
    X = blobs[0][:3]
    by_list = quick_transformer().partial_fit(iter([list(X)]))
    assert weight_bytes(by_list) == weight_bytes(quick_transformer().partial_fit(X))


@pytest.mark.parametrize("method", ["fit", "predict"])
def test_other_methods_refer_a_data_loader_to_partial_fit(method, blobs_model, blobs):
    loader = DataLoader(TensorDataset(torch.tensor(blobs[0])))
    model = copy.deepcopy(blobs_model)
    arguments = [loader, [0]] if method == "fit" else [loader]
    with pytest.raises(TypeError, match=r"DataLoader.*partial_fit"):
        getattr(model, method)(*arguments)


@pytest.mark.parametrize("batch", [tuple, list])
def test_a_list_of_batches_is_refused(batch, few_blobs, quick_classifier):
    with pytest.raises(ValueError, match=r"X is a list of batches.*iter\(X\)"):
        quick_classifier().partial_fit([batch(few_blobs)] * 2, classes=[0, 1, 2])


def test_batches_of_a_classifier_need_y(blobs, quick_classifier):
    with pytest.raises(ValueError, match=r"batch without y. Its batches .* \(X, y\)"):
        quick_classifier().partial_fit(iter([blobs[0]]), classes=[0, 1, 2])


def test_a_batch_that_is_a_dict_is_refused(quick_transformer):
    with pytest.raises(TypeError, match="dict"):
        quick_transformer().partial_fit(iter([{"X": torch.ones(3, 2)}]))


# Statistics of the samples seen so far


@pytest.fixture(scope="module")
def incomplete():
    """Standardised samples, complete and with 30 % of the values missing."""
    X = load_breast_cancer().data[:, :10]
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    missing = np.random.RandomState(0).random_sample(X.shape) < 0.3
    return X, np.where(missing, np.nan, X)


@pytest.fixture(scope="module")
def in_batches(incomplete, quick_transformer):
    """A transformer that has seen all samples in batches; tests must not change it."""
    model = quick_transformer(hidden_layer_sizes=(32,))
    for _ in range(8):
        for start in range(0, len(incomplete[1]), 100):
            model.partial_fit(incomplete[1][start : start + 100])
    return model


def _error_of_imputation(model, incomplete):
    complete, X = incomplete
    errors = (model.impute(X) - complete)[np.isnan(X)]
    return np.sqrt(np.mean(errors**2))


def _calls_counted(monkeypatch, name):
    calls, function = [], STATISTICS[name]

    def counted(*args):
        calls.append(args)
        return function(*args)

    monkeypatch.setitem(STATISTICS, name, counted)
    return calls


def _trained_on_one_more_sample(model, incomplete):
    # Not a pickle, which would lose the sample.
    copied = copy.copy(model)
    vars(copied).update(vars(model))
    return copied.partial_fit(incomplete[1][:1])


def test_one_more_sample_does_not_replace_the_imputation_rule(incomplete, in_batches):
    before = _error_of_imputation(in_batches, incomplete)
    model = _trained_on_one_more_sample(in_batches, incomplete)
    assert _error_of_imputation(model, incomplete) < 1.05 * before


def test_one_more_sample_does_not_replace_the_score_quantiles(incomplete, in_batches):
    model = _trained_on_one_more_sample(in_batches, incomplete)
    scores = np.percentile(model.score_samples(incomplete[1]), [5, 50, 95])
    found = model.training_score_quantiles_[[5, 50, 95]]
    np.testing.assert_allclose(found, scores, atol=0.2 * (scores[2] - scores[0]))


@pytest.mark.parametrize("after", ["pickle", "file"])
def test_a_loaded_model_keeps_its_statistics_until_it_has_seen_enough(
    after, incomplete, in_batches, tmp_path, monkeypatch
):
    if after == "pickle":
        model = pickle.loads(pickle.dumps(in_batches))
    else:
        save(in_batches, tmp_path / "model.safetensors")
        model = load(tmp_path / "model.safetensors")
    model.partial_fit(incomplete[1][:1])
    np.testing.assert_array_equal(
        model.training_score_quantiles_, in_batches.training_score_quantiles_
    )
    np.testing.assert_array_equal(model._residuals.known_, in_batches._residuals.known_)
    monkeypatch.setattr(reservoir, "_MOST_ROWS", 500)
    model.partial_fit(incomplete[1][:500])
    assert (model.training_score_quantiles_ != in_batches.training_score_quantiles_).all()


def test_fit_and_a_further_sample_use_all_samples(incomplete, quick_transformer):
    model = quick_transformer(hidden_layer_sizes=(32,), max_iter=5).fit(incomplete[1])
    before = _error_of_imputation(model, incomplete)
    model.partial_fit(incomplete[1][:1])
    assert _error_of_imputation(model, incomplete) < 1.05 * before


def test_a_fit_on_stored_rows_keeps_its_statistics_until_it_has_seen_enough(
    incomplete, quick_transformer, tmp_path
):
    X = np.memmap(tmp_path / "X", dtype=np.float64, mode="w+", shape=(300, 10))
    X[:] = incomplete[1][:300]
    model = quick_transformer().fit(X)
    quantiles = model.training_score_quantiles_
    model.partial_fit(incomplete[1][300:500])
    np.testing.assert_array_equal(model.training_score_quantiles_, quantiles)
    model.partial_fit(incomplete[1][:100])
    assert (model.training_score_quantiles_ != quantiles).any()


def test_statistics_are_computed_when_they_are_needed(
    incomplete, quick_transformer, monkeypatch
):
    rules = _calls_counted(monkeypatch, "residuals")
    quantiles = _calls_counted(monkeypatch, "score_quantiles")
    model = quick_transformer()
    for start in range(0, 300, 100):
        model.partial_fit(incomplete[1][start : start + 100])
    assert len(rules) == len(quantiles) == 0
    state = vars(model).copy()
    model.impute(incomplete[1][:2])
    first = model.training_score_quantiles_
    pickle.dumps(model)
    assert len(rules) == len(quantiles) == 1
    np.testing.assert_array_equal(rules[0][1], incomplete[1][:300])
    # Calls that only read leave the attributes as they are.
    assert all(vars(model)[name] is value for name, value in state.items())
    model.partial_fit(incomplete[1][300:400])
    assert (model.training_score_quantiles_ != first).any()
    assert (len(rules), len(quantiles)) == (1, 2)
    model.impute(incomplete[1][:2])
    assert (len(rules), len(quantiles)) == (2, 2)


def test_statistics_need_a_fit(quick_transformer):
    assert not hasattr(quick_transformer(), "training_score_quantiles_")


def test_a_failed_call_keeps_the_statistics(incomplete, in_batches):
    before = in_batches._sample_statistics
    with pytest.raises(ValueError, match="features"):
        in_batches.partial_fit(incomplete[1][:, :3])
    assert in_batches._sample_statistics is before


def test_sparse_and_dense_batches_can_be_mixed(quick_transformer):
    import scipy.sparse

    X = np.random.RandomState(0).poisson(1.0, (60, 8)).astype(float)
    model = quick_transformer().partial_fit(scipy.sparse.csr_matrix(X[:30]))
    model.partial_fit(scipy.sparse.csr_matrix(X[30:40])).partial_fit(X[40:])
    assert np.isfinite(model.training_score_quantiles_).all()
    np.testing.assert_array_equal(model._sample_statistics.reservoir.rows, X)


def test_a_reservoir_is_a_uniform_sample_of_bounded_size(monkeypatch):
    monkeypatch.setattr(reservoir, "_MOST_ROWS", 100)
    counts = np.zeros(1000)
    for seed in range(200):
        sample = Reservoir()
        for batch in range(10):
            values = np.arange(100.0)[:, None] + 100 * batch
            sample = sample.with_rows(values, 1000 * seed + batch)
        rows = sample.rows[:, 0].astype(int)
        assert len(set(rows)) == 100
        counts[rows] += 1
    assert sample.n_seen == 1000
    # Binomial counts with a mean of 20; the standard deviation of 100 of them is 42.
    assert abs(counts.reshape(10, 100).sum(axis=1) - 2000).max() < 5 * 42


def test_the_memory_of_a_reservoir_is_bounded():
    X = np.zeros((5000, 500), np.float32)
    assert Reservoir().with_rows(X, 0).rows.nbytes <= 4 * 1_000_000
    assert Reservoir().with_rows(np.zeros((300, 20_000)), 0).rows.shape[0] == 100


def test_a_reservoir_reads_only_rows_that_it_keeps(monkeypatch):
    monkeypatch.setattr(reservoir, "_MOST_ROWS", 10)
    first = Reservoir().with_rows(np.zeros((1000, 2)), 0)
    asked = []

    class Rows:
        shape = (1000, 2)

        def __getitem__(self, index):
            asked.extend(index)
            return np.ones((len(index), 2))

    second = first.with_rows(Rows(), 1)
    assert len(asked) == second.rows.sum() / 2 < 11
