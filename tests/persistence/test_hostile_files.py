"""Any file is either refused with a ModelFileError, or gives the model that was saved."""

import copy
import json
import os
import pickle
import sys

import joblib
import numpy as np
import pytest
import safetensors.torch
import torch

from sklearn_revae.persistence import ModelFileError, load

try:
    import resource
except ImportError:
    # Windows does not have it.
    resource = None

# Values that a forged file has in place of others.
_ODD = [
    *(None, True, -1, 0, 1, 2**31, 2**63, 10**30, 0.5, -1e308, "", "auto", "\ud800"),
    *([], {}, [[]], {"$tuple": []}, {"$float": "nan"}, {"$float": "x"}, {"$none": 1}),
    *({"$bytes": "00"}, {"$decimal": "1e999999"}, {"$fraction": [1, 0]}),
    *({"$device": "cuda:99"}, {"$device": "../etc"}, {"$dict": [[[1], 2]]}),
    *({"$tuple": [10**9, 10**9]}, {"$tuple": [1] * 2000}, {"$tuple": [2**40]}),
    {"$scalar": {"dtype": "<U1000000000", "values": "a"}},
    {"$array": {"dtype": "<U1000000000", "values": ["a"]}},
    {"$array": {"dtype": "|O", "values": ["a", 1]}},
    {"$array": {"dtype": "<f8", "values": [1.0]}},
    {"$array": {"dtype": "<f8", "tensor": "module.encoder.head.weight"}},
    {"$array": {"dtype": "<f8", "tensor": "fitted/columns/scale_"}},
    {
        "$random_state": [
            {"$array": {"dtype": "<u4", "tensor": "random_state/0"}},
            999,
            0,
            0,
        ]
    },
]


def _mutated(data, random):
    """The bytes of a file, with some of them changed, removed or added."""
    changed = bytearray(data)
    # Within the length of the header, within the header, or anywhere.
    reach = random.choice([16, 2000, len(data)])
    place = random.randint(reach)
    kind = random.randint(6)
    if kind == 0:
        changed[place] ^= 1 << random.randint(8)
    elif kind == 1:
        for i in random.randint(len(data), size=random.randint(2, 50)):
            changed[i] = random.randint(256)
    elif kind == 2:
        del changed[place:]
    elif kind == 3:
        del changed[place : place + random.randint(1, 100)]
    elif kind == 4:
        changed[place:place] = random.bytes(random.randint(1, 100))
    else:
        # A digit is replaced by a digit, so that the header may be valid.
        digits = [i for i in range(8, 8 + 20_000) if data[i : i + 1].isdigit()]
        changed[random.choice(digits)] = ord(str(random.randint(10)))
    return bytes(changed)


def _places(value, found):
    """All pairs of a container in a tree and one of its keys."""
    if isinstance(value, (dict, list)):
        for key in value if isinstance(value, dict) else range(len(value)):
            found.append((value, key))
            _places(value[key], found)
    return found


def _forged(state, tensors, random):
    """Change one value of a state or one of its tensors."""
    if random.randint(4):
        places = _places(state, [])
        container, key = places[random.randint(len(places))]
        if random.randint(5):
            container[key] = copy.deepcopy(_ODD[random.randint(len(_ODD))])
        else:
            del container[key]
        return
    name = sorted(tensors)[random.randint(len(tensors))]
    tensor = tensors[name]
    other = [
        lambda: tensor.to(torch.float16),
        lambda: tensor.flatten()[:-1],
        lambda: tensor[None],
        lambda: torch.zeros(0, 2**40, dtype=tensor.dtype),
        lambda: tensor.double() * np.nan,
        lambda: (tensor.double() - 1e6).to(tensor.dtype),
        lambda: torch.tensor(1),
    ]
    choice = random.randint(len(other) + 2)
    if choice < len(other):
        tensors[name] = other[choice]()
    else:
        tensors[name + "x"] = tensors.pop(name) if choice == len(other) else tensor


@pytest.fixture
def no_large_memory():
    """Fail if the peak memory of the process grows by more than 200 MB, on POSIX."""
    if resource is None:
        yield
        return
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    yield
    unit = 1 if sys.platform == "darwin" else 1024
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown * unit < 200e6


def test_400_damaged_files_are_refused_or_as_before(
    small_file, small_model, small_rows, tmp_path, no_large_memory
):
    random, path, X = np.random.RandomState(0), tmp_path / "model", small_rows[0]
    expected, n_refused = small_model.predict_proba(X), 0
    for _ in range(400):
        path.write_bytes(_mutated(small_file, random))
        try:
            loaded = load(path)
        except ModelFileError:
            n_refused += 1
            continue
        for one, other in zip(expected, loaded.predict_proba(X), strict=True):
            np.testing.assert_array_equal(one, other)
    assert n_refused > 350


def test_400_forged_files_with_right_checksums_do_no_harm(
    read_parts, forge, no_large_memory
):
    random, n_refused = np.random.RandomState(0), 0
    for _ in range(400):
        state, tensors = read_parts()
        _forged(state, tensors, random)
        path = forge(state, tensors)
        try:
            load(path)
        except ModelFileError:
            n_refused += 1
    # The others have valid names, histories or weights.
    assert 250 < n_refused < 400


def test_a_file_forged_from_the_same_parts_gives_the_same_model(
    read_parts, forge, small_model, small_rows
):
    loaded = load(forge(*read_parts()))
    assert (loaded.predict(small_rows[0]) == small_model.predict(small_rows[0])).all()


def _set(*keys_and_value):
    *keys, last, value = keys_and_value

    def change(state, tensors):
        for key in keys:
            state = state[key]
        state[last] = value

    return change


def _tensor(name, value):
    return lambda state, tensors: tensors.update({name: value})


_SECOND = "module.others.0."


def _renumbered(state, tensors):
    """Leave a gap: the first member, and then the third."""
    for name in [name for name in tensors if name.startswith(_SECOND)]:
        tensors["module.others.1." + name.removeprefix(_SECOND)] = tensors.pop(name)


def _settle_members(n_members, state, tensors):
    state["fitted"]["settled"]["n_members_"] = n_members
    for name in ("label_weight_", "consistency_weight_"):
        tensors[f"fitted/settled/{name}"] = torch.ones(n_members).double()


def _one_more(state, tensors):
    """Name one more member than there are weights for."""
    _settle_members(3, state, tensors)


def _with_many_members(state, tensors):
    """Name many members by one tensor each."""
    _settle_members(5001, state, tensors)
    for i in range(5000):
        tensors[f"module.others.{i}.encoder.head.bias"] = torch.zeros(1)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_set("parameters", "hidden_layer_sizes", [10**6, 10**6]), "larger module"),
        (_set("parameters", "hidden_layer_sizes", [1] * 2000), "more than 1000 entries"),
        (_set("fitted", "latents", [10**5, 1]), "larger module"),
        (_set("fitted", "latents", [1, 10**10]), "larger module"),
        (_set("parameters", "new_one", 1), "parameters .'new_one'."),
        (_set("parameters", "learning_rate_init", -1.0), "learning_rate_init"),
        (_set("estimator", "Pipeline"), "Pipeline"),
        (_set("own_modules", {"encoder": "os.system"}), "own modules"),
        (_set("fitted", "n_features", 4), "feature names"),
        (_set("fitted", "columns", "kinds", "known", ["real"]), "kinds"),
        (_set("fitted", "template", "types", 0, {"name": "Sparse"}), "Sparse"),
        (
            _set("fitted", "template", {"kind": "array", "dtype": "<f8", "shape": [2]}),
            "X",
        ),
        (_tensor("fitted/columns/scale_", torch.zeros(3).double()), "scales"),
        (_tensor("fitted/columns/shift_", torch.full((3,), np.nan).double()), "shift_"),
        (_tensor("fitted/counts/0", torch.ones(3).double()), "counts"),
        (_tensor("fitted/labels/classes/1", torch.tensor([2, 1, 0])), "classes"),
        (_tensor("fitted/exclusions", torch.tensor([[0, 0, 1, 3, 0]])), "exclusions"),
        (_tensor("module.encoder.head.bias", torch.full((18,), np.inf)), "head.bias"),
        (_tensor("module.payload", torch.zeros(2)), "payload"),
        (_tensor("payload", torch.tensor([*pickle.dumps({})])), "tensors .'payload'."),
        (_set("fitted", "settled", "n_members_", 3), "label_weight_"),
        (_set("fitted", "settled", "n_members_", 2.0), "n_members_"),
        (_set("fitted", "settled", "n_members_", 0), "n_members_"),
        (_set("fitted", "settled", "edit_weight_", "auto"), "edit_weight_"),
        (
            _tensor("fitted/settled/label_weight_", torch.ones(3).double()),
            "label_weight_",
        ),
        (
            _tensor("fitted/settled/label_weight_", -torch.ones(2).double()),
            "label_weight_",
        ),
        (lambda state, tensors: tensors.pop(f"{_SECOND}encoder.head.bias"), "head.bias"),
        (_tensor(f"{_SECOND}encoder.head.bias", torch.zeros(1)), "others.0.encoder.head"),
        (_tensor(f"{_SECOND}payload", torch.zeros(2)), "payload"),
        (_tensor("module.others.x.payload", torch.zeros(2)), "payload"),
        (_one_more, "n_members_"),
        (_renumbered, "others"),
        (_with_many_members, "others"),
    ],
)
def test_the_error_names_what_is_wrong_in_a_forged_file(
    change, message, read_parts, forge, no_large_memory
):
    state, tensors = read_parts()
    change(state, tensors)
    with pytest.raises(ModelFileError, match=message):
        load(forge(state, tensors))


def test_a_file_without_its_other_member_is_refused(read_parts, forge):
    state, tensors = read_parts()
    tensors = {k: v for k, v in tensors.items() if not k.startswith(_SECOND)}
    with pytest.raises(ModelFileError, match="n_members_"):
        load(forge(state, tensors))


@pytest.mark.parametrize("member", ["module.", _SECOND])
def test_weights_that_are_not_finite_are_refused(member, read_parts, forge):
    state, tensors = read_parts()
    tensors[f"{member}encoder.head.bias"].fill_(np.nan)
    with pytest.raises(ModelFileError, match="NaN"):
        load(forge(state, tensors))


@pytest.mark.parametrize("temperature", [0.0, -1.0])
def test_temperatures_that_are_not_positive_are_refused(temperature, read_parts, forge):
    state, tensors = read_parts()
    tensors["module.label_model.temperature"].fill_(temperature)
    with pytest.raises(ModelFileError, match="temperatures are not positive"):
        load(forge(state, tensors))


def test_an_invalid_random_state_is_refused(read_parts, forge):
    state, tensors = read_parts()
    state["parameters"]["random_state"]["$random_state"][1] = 625
    with pytest.raises(ModelFileError, match="RandomState"):
        load(forge(state, tensors))


def _header(table, body=b""):
    text = json.dumps(table).encode()
    return len(text).to_bytes(8, "little") + text + body


def _entry(**content):
    return _header({"__metadata__": {"sklearn_revae": json.dumps(content)}})


_FOREIGN = {
    "empty": (b"", "is not a safetensors file"),
    "text": (b"label,value\n1,2\n" * 9, "is not a safetensors file"),
    "pickle": (pickle.dumps({"weights": [1.0] * 99}), "looks like a pickle"),
    "endless header": (b"\xff" * 7 + b"\x00" + b"{" * 99, "is not a safetensors file"),
    "long header": (
        (2**25 + 1).to_bytes(8, "little") + b" " * (2**25 + 1),
        "header of 33554433 bytes",
    ),
    "deep header": (_header(0) + b"", "not a safetensors file"),
    "deep nesting": (
        (10**5).to_bytes(8, "little") + b"[" * 10**5,
        "not a safetensors file",
    ),
    "foreign": (safetensors.torch.save({"a": torch.zeros(3)}), "was not written by"),
    "foreign with metadata": (
        safetensors.torch.save({"a": torch.zeros(3)}, {"format": "pt"}),
        "was not written by",
    ),
    "newer": (
        _entry(format_version=2, written_by="9.9", state={}),
        "format 2, written by sklearn_revae 9.9.*Update",
    ),
    "no version": (_entry(format_version=None, state={}), "format_version is None"),
    "version 0": (_entry(format_version=0, state={}), "format_version is 0"),
    "no checksum": (_entry(format_version=1, state={}), "checksum"),
    "says more": (
        _header({"a": {"dtype": "F64", "shape": [2**50], "data_offsets": [0, 2**53]}}),
        "was not written by",
    ),
    "twice": (b"\x19" + b"\0" * 7 + b'{"a": 1, "a": 2, "b": 3} ', "same name"),
}


@pytest.mark.parametrize("name", _FOREIGN)
def test_a_file_of_another_kind_is_refused(name, tmp_path):
    data, message = _FOREIGN[name]
    (tmp_path / "other").write_bytes(data)
    with pytest.raises(ModelFileError, match=message):
        load(tmp_path / "other")


@pytest.mark.parametrize("dump", [joblib.dump, torch.save])
@pytest.mark.parametrize("compressed", [False, True])
def test_joblib_and_torch_files_are_not_opened(dump, compressed, small_model, tmp_path):
    options = {"compress": 3} if compressed and dump is joblib.dump else {}
    dump(small_model.get_params(), tmp_path / "model", **options)
    with pytest.raises(ModelFileError, match="looks like a pickle"):
        load(tmp_path / "model")


@pytest.mark.parametrize("n_bytes", [0, 1, 7, 8, 9, 100, -1, -1000])
def test_a_cut_file_is_refused(n_bytes, small_file, tmp_path):
    (tmp_path / "model").write_bytes(small_file[:n_bytes])
    with pytest.raises(ModelFileError, match="cut"):
        load(tmp_path / "model")


def test_a_longer_file_is_refused(small_file, tmp_path):
    (tmp_path / "model").write_bytes(small_file + b"\0")
    with pytest.raises(ModelFileError, match="too long"):
        load(tmp_path / "model")


def test_one_changed_weight_is_detected(small_file, tmp_path):
    changed = bytearray(small_file)
    changed[-1] ^= 1
    (tmp_path / "model").write_bytes(changed)
    with pytest.raises(ModelFileError, match="checksum"):
        load(tmp_path / "model")


def test_pipes_devices_and_folders_are_refused_at_once(tmp_path):
    paths = [tmp_path]
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
        paths += [tmp_path / "pipe", "/dev/zero"]
    for path in paths:
        with pytest.raises(ModelFileError, match="not a regular file"):
            load(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        load(tmp_path / "nowhere")


def test_loading_runs_no_code_and_opens_one_file(small_file, tmp_path):
    path = tmp_path / "model"
    path.write_bytes(small_file)
    # Some libraries import modules when they are first used.
    load(path)
    events, watched = [], ("exec", "compile", "import", "open", "pickle.", "subprocess.")
    watched += ("os.system", "os.exec", "socket.", "marshal.", "ctypes.dlopen")

    def watch(event, arguments):
        if listening and event.startswith(watched):
            events.append((event, arguments[0] if arguments else None))

    listening = False
    sys.addaudithook(watch)
    listening = True
    load(path)
    listening = False
    assert events == [("open", str(path))]
