"""benchmarks/gpu.py, as far as it runs without a GPU."""

import runpy
import sys
from pathlib import Path

import pytest
import torch

SCRIPT = Path(__file__).parents[1] / "benchmarks" / "gpu.py"


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_without_a_gpu_it_says_so_and_fails(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", [str(SCRIPT)])
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(SCRIPT), run_name="__main__")
    assert ended.value.code == "This benchmark needs a CUDA device, and torch finds none."
    assert capsys.readouterr().out == ""


def _fails(error):
    def fail(*args, **kwargs):
        raise error

    return fail


@pytest.fixture(scope="module")
def script():
    """The names of the script."""
    return runpy.run_path(str(SCRIPT))


def test_it_prints_a_line_for_a_fit(script, capsys):
    data = script["digits"](200)
    assert data[1].shape == (200, 64)
    script["measure"](data, "cpu", 1, n_members=2, hidden_layer_sizes=4)
    name, members, device, epochs, *numbers, memory, accuracy = (
        capsys.readouterr().out.split()
    )
    assert (name, members, device, epochs, memory) == ("digits", "2", "cpu", "1", "-")
    assert all(float(number) > 0 for number in numbers)
    assert 0 <= float(accuracy) <= 1


def test_a_trial_without_a_gpu_prints_both_tables(script, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", [str(SCRIPT), "--smoke"])
    measured = []

    def note(data, device, n_epochs, name=None, **parameters):
        measured.append((name or data[0], device, n_epochs))
        assert len(data[1]) <= 100
        assert len(data[1]) == len(data[2])
        assert len(data[3]) == len(data[4])
        script["ReVAEClassifier"](**parameters)

    names = script["main"].__globals__
    monkeypatch.setitem(names, "measure", note)
    # Random images take the place of images that cannot be had.
    monkeypatch.setitem(names, "fetch_fashion_mnist", _fails(OSError("no network")))
    monkeypatch.setitem(names, "make_avatars", _fails(ImportError("no resvg")))
    script["main"]()
    rows = ["digits", "fashion*", "avatars*", "published", "fashion*", "fashion*"]
    assert measured == [(name, "cpu", 1) for name in rows]
    printed = capsys.readouterr().out
    assert printed.count("train img/s") == 2
    assert "replaced by random pixels: no resvg" in printed
