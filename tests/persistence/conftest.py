"""A small model with categories, counts and exclusions, and the parts of its file."""

import json

import numpy as np
import pandas as pd
import pytest
import safetensors.torch

from sklearn_revae import ReVAEClassifier
from sklearn_revae.persistence import save
from sklearn_revae.persistence._file import write


@pytest.fixture(scope="session")
def small_rows():
    """Rows of a frame, and two labels with values that exclude each other."""
    size = np.linspace(0.0, 1.0, 40)
    size[::7] = np.nan
    frame = pd.DataFrame({"size": size, "price": np.arange(40.0) ** 2})
    frame["colour"] = np.array(["red", "green"])[np.arange(40) // 3 % 2]
    labels = pd.DataFrame({"late": np.arange(40) > 19})
    labels["third"] = np.arange(40) // 14
    return frame, labels


@pytest.fixture(scope="session")
def small_model(small_rows):
    """A classifier with few weights; tests must not change it."""
    model = ReVAEClassifier(
        (3,),
        n_members=2,
        max_iter=3,
        batch_size=20,
        random_state=np.random.RandomState(0),
    )
    return model.fit(*small_rows)


@pytest.fixture(scope="session")
def small_file(small_model, tmp_path_factory):
    """The bytes of the file of `small_model`."""
    path = tmp_path_factory.mktemp("small") / "model"
    save(small_model, path)
    return path.read_bytes()


@pytest.fixture(scope="session")
def read_parts(small_file):
    """Function that returns new copies of the state and the tensors of `small_file`."""
    length = int.from_bytes(small_file[:8], "little")
    entry = json.loads(small_file[8 : 8 + length])["__metadata__"]["sklearn_revae"]
    return lambda: (json.loads(entry)["state"], safetensors.torch.load(small_file))


@pytest.fixture
def forge(tmp_path):
    """Function that writes a state and tensors with a valid checksum."""

    def written(state, tensors):
        write(tmp_path / "forged", state, tensors)
        return tmp_path / "forged"

    return written
