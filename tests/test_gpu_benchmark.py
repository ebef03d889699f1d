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


def test_it_prints_a_line_for_a_fit(capsys):
    script = runpy.run_path(str(SCRIPT))
    X, y, X_test, y_test = script["digits"]()
    assert (y >= 0).sum() == 50
    script["measure"]("digits", (X[:200], y[:200], X_test, y_test), "cpu", 1)
    name, device, epochs, *numbers, memory, accuracy = capsys.readouterr().out.split()
    assert (name, device, epochs, memory) == ("digits", "cpu", "1", "-")
    assert all(float(number) > 0 for number in numbers)
    assert 0 <= float(accuracy) <= 1
