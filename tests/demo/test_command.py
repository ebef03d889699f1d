"""The command: its arguments, its errors, and the page that it serves."""

import contextlib
import socket
import subprocess
import sys
import threading
import urllib.request

import numpy as np
import pandas as pd
import pytest

from sklearn_revae import ReVAERegressor, persistence
from sklearn_revae.demo import launch
from sklearn_revae.demo.__main__ import _parser, _session, main


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--model", "nowhere.safetensors"], "nowhere.safetensors"),
        (["--port", "0"], "'0' is not a port"),
        (["--port", "http"], "'http' is not a port"),
        (["--data", "samples.csv"], "--data requires a model"),
    ],
)
def test_invalid_arguments_exit_with_a_message_that_names_them(
    arguments, message, capsys
):
    with pytest.raises(SystemExit) as end:
        main(arguments)
    output = f"{end.value.code}{capsys.readouterr().err}"
    assert end.value.code not in (0, None)
    assert message in output
    assert "Traceback" not in output


@pytest.mark.parametrize("port", [0, -1, 99999, "x", True, 80.0])
def test_what_is_no_port_is_refused(port):
    with pytest.raises(ValueError, match="'port' parameter of launch must be an int"):
        launch(None, None, port=port)


@pytest.mark.parametrize("presets", [["a"], {"a": "yes"}])
def test_presets_that_are_no_dicts_are_refused(presets, patients):
    with pytest.raises(
        ValueError, match=r"presets must be a dict {text: {label: class}}"
    ):
        launch(*patients, presets=presets)


def test_a_busy_port_is_named(patients):
    pytest.importorskip("gradio", reason="requires pip install sklearn-revae[demo]")
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = busy.getsockname()[1]
        with pytest.raises(OSError, match=f"port={port} of host='127.0.0.1' is not free"):
            launch(*patients, port=port)


def test_a_file_that_is_not_a_model_exits_with_a_message(tmp_path):
    path = tmp_path / "bad.safetensors"
    path.write_bytes(b"nothing")
    with pytest.raises(SystemExit, match=r"revae-demo: .*bad\.safetensors"):
        main(["--model", str(path)])


@pytest.mark.parametrize("data", ["none", "csv"])
def test_a_session_has_a_model_samples_and_the_code_that_reads_them(
    data, patients, tmp_path
):
    model, X = patients
    path, csv = tmp_path / "model.safetensors", tmp_path / "samples.csv"
    persistence.save(model, path)
    # The index and a label are ignored.
    X.assign(risk=1).to_csv(csv)
    arguments = ["--model", str(path)] + (["--data", str(csv)] if data == "csv" else [])
    session = _session(_parser().parse_args(arguments))
    names = {}
    exec(session.setup, names)
    assert names["X"].equals(session.X)
    assert list(session.feature_names) == list(X.columns)
    if data == "csv":
        # pandas 2 may round the last digit of a number.
        pd.testing.assert_frame_equal(session.X, X)
    else:
        assert session.n_shown == 100


def test_samples_that_do_not_match_the_model_exit_with_a_message(patients, tmp_path):
    path, data = tmp_path / "model.safetensors", tmp_path / "samples.npy"
    persistence.save(patients[0], path)
    np.save(data, np.zeros((3, 2)))
    with pytest.raises(SystemExit, match="revae-demo: "):
        main(["--model", str(path), "--data", str(data)])
    with pytest.raises(SystemExit, match=r"\.csv or \.npy"):
        main(["--model", str(path), "--data", str(tmp_path / "samples.parquet")])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("age,visits,plan\n40,1,basic\n", r"lacks the columns \['volume', 'cough'\]"),
        ("", "cannot be read"),
    ],
)
def test_a_table_that_does_not_match_is_named(content, message, patients, tmp_path):
    path, data = tmp_path / "model.safetensors", tmp_path / "samples.csv"
    persistence.save(patients[0], path)
    data.write_text(content)
    with pytest.raises(SystemExit, match=rf"revae-demo: .*samples\.csv .*{message}"):
        main(["--model", str(path), "--data", str(data)])


def test_a_regressor_exits_with_a_message(blobs, tmp_path):
    path = tmp_path / "model.safetensors"
    persistence.save(ReVAERegressor((4,), max_iter=1).fit(*blobs), path)
    with pytest.raises(SystemExit, match="must be a fitted ReVAEClassifier or ReVAE"):
        main(["--model", str(path)])


def test_the_image_shape_is_a_list_of_integers(patients):
    arguments = _parser().parse_args(["--image-shape", "8", "8", "--host", "localhost"])
    assert arguments.image_shape == [8, 8]
    assert not arguments.share


def test_launch_requires_a_model_and_samples(patients):
    with pytest.raises(ValueError, match=r"estimator must be .* got a dict"):
        launch({}, patients[1])
    with pytest.raises(ValueError, match="at least one sample"):
        launch(patients[0], patients[1].iloc[:0])


def test_the_command_serves_the_shipped_model_on_a_loopback_address():
    command = [sys.executable, "-m", "sklearn_revae.demo"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    timeout = threading.Timer(120, server.kill)
    timeout.start()
    try:
        line = server.stdout.readline()
        assert line.startswith("Open http://127.0.0.1:"), line
        with contextlib.closing(urllib.request.urlopen(line.split()[1])) as answer:
            assert b"gradio" in answer.read()
    finally:
        timeout.cancel()
        server.kill()
        server.communicate()
