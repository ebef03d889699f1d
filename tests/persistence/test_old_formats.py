"""Files of earlier versions are read, and give the results that were recorded then."""

import gzip
import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest

from sklearn_revae.persistence import load

FOLDER = Path(__file__).parent / "version_1"


@pytest.fixture(scope="module")
def maker():
    """The script that wrote the files."""
    path = Path(__file__).parent / "make_version_1.py"
    spec = importlib.util.spec_from_file_location("make_version_1", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _assert_close(said, expected):
    """Compare nested lists of numbers and strings, numbers to single precision."""
    assert type(said) is type(expected)
    if isinstance(expected, (list, dict)):
        assert len(said) == len(expected)
        keys = expected if isinstance(expected, dict) else range(len(expected))
        for key in keys:
            _assert_close(said[key], expected[key])
    elif isinstance(expected, float):
        np.testing.assert_allclose(said, expected, rtol=1e-6, atol=1e-6)
    else:
        assert said == expected


@pytest.mark.parametrize("name", ["classifier", "transformer"])
def test_files_of_version_1_give_the_same_results(name, maker):
    model = load(FOLDER / f"{name}.safetensors")
    frame, _ = maker.rows()
    X = frame[:3] if name == "classifier" else frame[["size", "price"]].to_numpy()[:3]
    do = {"place": "left"} if name == "classifier" else None
    expected = json.loads((FOLDER / f"{name}.json").read_text())
    _assert_close(json.loads(json.dumps(maker.answers(model, X, do))), expected)


def test_a_convolutional_file_of_version_1_gives_the_same_results(maker, tmp_path):
    file = tmp_path / "pictures.safetensors"
    file.write_bytes(gzip.decompress((FOLDER / f"{file.name}.gz").read_bytes()))
    model = load(file)
    X = maker.pictures()[0][:2]
    said = maker.answers(model, X, {"label_0": "down"})
    expected = json.loads((FOLDER / "pictures.json").read_text())
    _assert_close(json.loads(json.dumps(said)), expected)


def test_files_of_version_1_can_be_trained_further(maker):
    model = load(FOLDER / "classifier.safetensors")
    assert model.partial_fit(*maker.rows()).n_iter_ == 31


def test_the_committed_files_are_small():
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 200_000
