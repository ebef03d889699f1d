"""Files store the sizes of the networks, whatever "auto" means when they are read."""

import numpy as np
import pytest
from torch import nn

from sklearn_revae import ReVAETransformer, _defaults
from sklearn_revae._defaults import Default
from sklearn_revae.persistence import ModelFileError, load, save
from sklearn_revae.persistence import _file as files

RANDOM = np.random.RandomState(0)
X = RANDOM.normal(size=(30, 4))
COUNTS = RANDOM.poisson(1.0, (30, 60))
# They have more than 256 pixels, for which no rule for `impute` has to be learned.
PICTURES = RANDOM.randint(256, size=(12, 16, 17), dtype=np.uint8)
MODELS = {
    "a table": ({}, X),
    "counts": ({"likelihood": "poisson"}, COUNTS),
    "an own encoder": ({"encoder": nn.Sequential(nn.Linear(4, 7))}, X),
    "an own decoder": ({"decoder": nn.Linear(4, 4), "style_dim": 4}, X),
    "pictures": ({}, PICTURES),
    "pictures and an own encoder": ({"encoder": nn.Linear(272, 5)}, PICTURES),
}


def quick(*sizes, **parameters):
    return ReVAETransformer(*sizes, n_members=1, max_iter=1, random_state=0, **parameters)


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """The file of a small model of a table, as a state and tensors that may change."""
    path = tmp_path_factory.mktemp("saved") / "model"
    save(quick().fit(X), path)
    return lambda: files.read(path)


@pytest.fixture(params=MODELS)
def case(request):
    """A fitted model whose sizes are "auto", its samples and its own modules."""
    parameters, samples = MODELS[request.param]
    model = quick(**parameters).fit(samples)
    modules = {name: m for name, m in parameters.items() if isinstance(m, nn.Module)}
    return model, samples, modules


@pytest.fixture
def other_rules(monkeypatch):
    """Rules of "auto" that a later version might have."""
    for size in ("hidden_layer_size", "hidden_layer_size_counts"):
        monkeypatch.setitem(_defaults.TABLE, size, Default(5, "", "Small."))
    monkeypatch.setattr(_defaults, "label_dim", lambda n_values: 3)
    monkeypatch.setattr(_defaults, "style_dim", lambda n_features: 3)


def test_a_file_is_read_whatever_auto_means(case, tmp_path, request):
    model, samples, modules = case
    save(model, tmp_path / "first")
    expected = model.transform(samples)
    request.getfixturevalue("other_rules")
    loaded = load(tmp_path / "first", modules)
    np.testing.assert_array_equal(loaded.transform(samples), expected)
    assert loaded.hidden_layer_sizes == "auto"
    # A loaded model can be saved and trained, and a new fit follows the new rules.
    save(loaded, tmp_path / "second")
    again = load(tmp_path / "second", modules)
    np.testing.assert_array_equal(again.transform(samples), expected)
    assert again.partial_fit(samples).n_iter_ == 2
    if not modules and samples is not PICTURES:
        refitted = again.fit(samples)
        assert refitted.style_dim_ == 3
        sizes = [
            m.out_features for m in refitted.module_.encoder.body if hasattr(m, "bias")
        ]
        assert sizes == [5]


def _without_sizes(path):
    """Turn a file into one of those that did not store the widths of hidden layers."""
    state, tensors = files.read(path)
    state["parameters"]["hidden_layer_sizes"] = "auto"
    del state["fitted"]["hidden_layer_sizes"]
    files.write(path, state, tensors)


@pytest.mark.parametrize("case", MODELS)
def test_files_without_sizes_follow_the_rule_of_version_1(case, tmp_path, request):
    parameters, samples = MODELS[case]
    sizes = () if samples is COUNTS else (256, 256)
    model = quick(sizes, **parameters).fit(samples)
    modules = {name: m for name, m in parameters.items() if isinstance(m, nn.Module)}
    save(model, tmp_path / "model")
    _without_sizes(tmp_path / "model")
    request.getfixturevalue("other_rules")
    loaded = load(tmp_path / "model", modules)
    np.testing.assert_array_equal(loaded.transform(samples), model.transform(samples))


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ([10**6, 10**6], "larger module"),
        ([1] * 2000, "more than 1000 entries"),
        ([0], "hidden_layer_sizes"),
        ([0.5], "hidden_layer_sizes"),
        ([[256]], "hidden_layer_sizes"),
        (256, "int"),
        ("auto", "hidden_layer_sizes"),
        ([64], "encoder"),
    ],
)
def test_impossible_sizes_are_refused(sizes, message, saved, tmp_path):
    state, tensors = saved()
    state["fitted"]["hidden_layer_sizes"] = sizes
    files.write(tmp_path / "model", state, tensors)
    with pytest.raises(ModelFileError, match=message):
        load(tmp_path / "model")


@pytest.mark.parametrize("networks", ["auto", "published"])
def test_a_file_says_which_networks_read_pictures(networks, tmp_path):
    parameters = {"encoder": networks, "decoder": networks}
    model = quick(**parameters).fit(PICTURES)
    save(model, tmp_path / "model")
    loaded = load(tmp_path / "model")
    np.testing.assert_array_equal(loaded.transform(PICTURES), model.transform(PICTURES))
    # Files of version 1 do not say it, and hold the published networks.
    state, tensors = files.read(tmp_path / "model")
    assert state["fitted"].pop("image_networks") == [networks] * 2
    files.write(tmp_path / "model", state, tensors)
    if networks == "published":
        old = load(tmp_path / "model")
        np.testing.assert_array_equal(old.transform(PICTURES), model.transform(PICTURES))
    else:
        with pytest.raises(ModelFileError, match=r"encoder\.body"):
            load(tmp_path / "model")


def test_unknown_networks_are_refused(saved, tmp_path):
    state, tensors = saved()
    state["fitted"]["image_networks"] = ["auto", "other"]
    files.write(tmp_path / "model", state, tensors)
    with pytest.raises(ModelFileError, match="image_networks"):
        load(tmp_path / "model")
