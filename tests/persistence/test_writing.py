"""A path holds the old file or the new one, whenever writing ends."""

import os
import stat

import pytest

from sklearn_revae.persistence import load, save
from sklearn_revae.persistence._file import replace_file

STEPS = ("open", "fsync", "replace")


@pytest.fixture
def stop_at(monkeypatch):
    """Function that replaces a step of writing by a call of another function."""

    def stop(step, instead):
        monkeypatch.setattr(os, step, instead)

    return stop


def _no_space(*_, **__):
    raise OSError(28, "No space left on device")


def _interrupted(*_, **__):
    raise KeyboardInterrupt


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("failure", [_no_space, _interrupted])
def test_a_failure_leaves_the_old_file_and_nothing_else(
    step, failure, tmp_path, stop_at, monkeypatch
):
    path = tmp_path / "model"
    path.write_bytes(b"old")
    stop_at(step, failure)
    with pytest.raises((OSError, KeyboardInterrupt)):
        replace_file(path, b"new")
    monkeypatch.undo()
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["model"]


@pytest.mark.parametrize("step", [*STEPS, "after replace"])
def test_a_killed_process_leaves_one_of_both_files_complete(step, tmp_path):
    path, data = tmp_path / "model", os.urandom(200_000)
    path.write_bytes(b"old")
    child = os.fork()
    if child == 0:
        # Exits as if it was killed, without running what pytest does at the end.
        replace = os.replace

        def die(*arguments, **_):
            if step == "after replace":
                replace(*arguments)
            os._exit(9)

        setattr(os, step.split()[-1], die)
        replace_file(path, data)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 9
    assert path.read_bytes() == (data if step == "after replace" else b"old")
    # The temporary file that is left does not disturb the next one.
    replace_file(path, b"next")
    assert path.read_bytes() == b"next"


def test_everything_is_flushed_before_the_file_is_renamed(tmp_path, monkeypatch):
    order = []
    fsync, replace = os.fsync, os.replace

    def flush(descriptor):
        kind = "folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file"
        order.append((kind, os.fstat(descriptor).st_size if kind == "file" else None))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", flush)
    monkeypatch.setattr(
        os, "replace", lambda *a: (order.append(("replace", None)), replace(*a))
    )
    replace_file(tmp_path / "model", b"123")
    assert order == [("file", 3), ("replace", None), ("folder", None)]


def test_a_symbolic_link_is_kept(tmp_path, small_model):
    (tmp_path / "there").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "there" / "model")
    save(small_model, tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert load(tmp_path / "there" / "model").n_iter_ == small_model.n_iter_


def test_a_new_file_has_the_usual_permissions(tmp_path, small_model):
    (tmp_path / "any").write_bytes(b"")
    save(small_model, str(tmp_path / "model"))
    modes = {(tmp_path / name).stat().st_mode for name in ("any", "model")}
    assert len(modes) == 1


@pytest.mark.skipif(os.name != "posix", reason="needs permissions of POSIX")
@pytest.mark.parametrize("mode", [0o600, 0o664])
def test_the_permissions_of_a_replaced_file_are_kept(mode, tmp_path):
    path = tmp_path / "model"
    path.write_bytes(b"old")
    path.chmod(mode)
    before = os.umask(0o022)
    try:
        replace_file(path, b"new")
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == mode


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs os.mkfifo")
def test_a_file_does_not_replace_a_pipe(tmp_path, small_model):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(tmp_path / "pipe")
    for name in ("pipe", "link"):
        with pytest.raises(OSError, match=r"pipe' is not a regular file"):
            save(small_model, tmp_path / name)
    assert stat.S_ISFIFO((tmp_path / "link").stat().st_mode)
    assert len(os.listdir(tmp_path)) == 2


@pytest.mark.parametrize(
    ("name", "error", "message"),
    [
        ("nowhere/model", FileNotFoundError, r"nowhere[/\\]+model' .* Create it first"),
        (".", IsADirectoryError, "is a directory. Pass the name of a file in it"),
    ],
)
def test_a_path_that_cannot_be_written_is_named(
    name, error, message, tmp_path, small_model
):
    with pytest.raises(error, match=message):
        save(small_model, tmp_path / name)


@pytest.mark.parametrize("path", [None, b"model", 0])
def test_a_path_of_another_type_is_named(path, small_model):
    for act in (load, lambda path: save(small_model, path)):
        with pytest.raises(TypeError, match=rf"path={path!r} is of type"):
            act(path)
