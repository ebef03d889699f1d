"""The command: what it opens, and what it says of what it cannot."""

import contextlib
import subprocess
import sys
import threading
import urllib.request

import numpy as np
import pandas as pd
import pytest

from sklearn_revae import persistence
from sklearn_revae.demo import launch
from sklearn_revae.demo.__main__ import _parser, _session, main


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--model", "nowhere.safetensors"], "nowhere.safetensors"),
        (["--port", "0"], "'0' is no port"),
        (["--port", "http"], "'http' is no port"),
        (["--data", "rows.csv"], "name it with --model"),
    ],
)
def test_bad_arguments_end_in_a_line_that_names_them(arguments, message, capsys):
    with pytest.raises(SystemExit) as end:
        main(arguments)
    said = f"{end.value.code}{capsys.readouterr().err}"
    assert end.value.code not in (0, None)
    assert message in said
    assert "Traceback" not in said


def test_a_file_that_is_no_model_is_refused(tmp_path):
    path = tmp_path / "bad.safetensors"
    path.write_bytes(b"nothing")
    with pytest.raises(SystemExit, match=r"revae-demo: .*bad\.safetensors"):
        main(["--model", str(path)])


@pytest.mark.parametrize("rows", ["none", "csv"])
def test_a_model_comes_with_its_rows_and_the_code_that_reads_them(
    rows, patients, tmp_path
):
    model, X = patients
    path, data = tmp_path / "model.safetensors", tmp_path / "rows.csv"
    persistence.save(model, path)
    X.to_csv(data, index=False)
    arguments = ["--model", str(path)] + (["--data", str(data)] if rows == "csv" else [])
    session = _session(_parser().parse_args(arguments))
    names = {}
    exec(session.setup, names)
    assert names["X"].equals(session.X)
    assert list(session.columns) == list(X.columns)
    if rows == "csv":
        # pandas 2 may miss the last digit of a number.
        pd.testing.assert_frame_equal(session.X, X)
    else:
        assert session.n_rows == 100


def test_rows_of_another_kind_are_refused(patients, tmp_path):
    path, data = tmp_path / "model.safetensors", tmp_path / "rows.npy"
    persistence.save(patients[0], path)
    np.save(data, np.zeros((3, 2)))
    with pytest.raises(SystemExit, match="revae-demo: "):
        main(["--model", str(path), "--data", str(data)])
    with pytest.raises(SystemExit, match=r"\.csv and \.npy"):
        main(["--model", str(path), "--data", str(tmp_path / "rows.parquet")])


def test_flat_rows_are_drawn_where_a_shape_is_given(patients):
    arguments = _parser().parse_args(["--image-shape", "8", "8", "--host", "localhost"])
    assert arguments.image_shape == [8, 8]
    assert not arguments.share


def test_what_is_no_model_cannot_be_launched(patients):
    with pytest.raises(ValueError, match="estimator is a dict"):
        launch({}, patients[1])
    with pytest.raises(ValueError, match="at least one row"):
        launch(patients[0], patients[1].iloc[:0])


def test_the_command_serves_the_shipped_model_on_this_machine_alone():
    command = [sys.executable, "-m", "sklearn_revae.demo"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    give_up = threading.Timer(120, server.kill)
    give_up.start()
    try:
        line = server.stdout.readline()
        assert line.startswith("Open http://127.0.0.1:"), line
        with contextlib.closing(urllib.request.urlopen(line.split()[1])) as answer:
            assert b"gradio" in answer.read()
    finally:
        give_up.cancel()
        server.kill()
        server.communicate()
