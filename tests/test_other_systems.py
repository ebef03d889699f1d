"""Nothing that only POSIX systems have is needed, said by a process that lacks it."""

import subprocess
import sys

# What Windows lacks is taken away after the libraries were imported, which have code of
# their own for Windows, and before this package is.
WITHOUT_POSIX = """
import importlib, multiprocessing, os, signal, sys, tempfile
import joblib, numpy, safetensors.torch, skorch, torch, torch.utils.data
import sklearn.datasets, sklearn.neighbors

multiprocessing.set_start_method("spawn")
for name in ("fcntl", "grp", "posix", "pwd", "resource", "syslog", "termios"):
    sys.modules[name] = None
START = ("fork", "get", "posix_", "sched_", "set", "wait")
NAMES = '''chown chroot confstr ctermid fchdir fchmod fchown fdatasync killpg lchown lockf
major mkfifo mknod nice openpty pathconf pread preadv pwrite pwritev readv
register_at_fork sendfile statvfs sync sysconf tcgetpgrp uname writev'''.split()
WINDOWS = '''get_blocking get_exec_path get_handle_inheritable get_inheritable
get_terminal_size getcwd getcwdb getenv getenvb getlogin getpid getppid set_inheritable
waitpid waitstatus_to_exitcode'''.split()
FLAGS = '''O_APPEND O_BINARY O_CREAT O_EXCL O_RDONLY O_RDWR O_TRUNC O_WRONLY'''.split()
for name in dir(os):
    lacking = name in NAMES or (name.startswith(START) and name not in WINDOWS)
    if lacking or (name.startswith("O_") and name not in FLAGS):
        delattr(os, name)
SIGNALS = "SIGABRT SIGFPE SIGILL SIGINT SIGSEGV SIGTERM".split()
HELPERS = "Signals Handlers SIG_DFL SIG_IGN getsignal raise_signal signal".split()
known = [getattr(signal, name) for name in SIGNALS]
for name in dir(signal):
    if name not in SIGNALS + HELPERS and not name.startswith("_"):
        delattr(signal, name)
set_handler = signal.signal

def windows_signal(number, handler):
    if number not in known:
        raise ValueError(f"invalid signal value: {number}")
    return set_handler(number, handler)

signal.signal = windows_signal
"""
USE = """
from sklearn_revae import Checkpoint, ReVAEClassifier
from sklearn_revae.persistence import load, save
assert not hasattr(os, "fork") and not hasattr(signal, "SIGKILL")
X = numpy.random.RandomState(0).normal(size=(60, 4))
y = numpy.arange(60) % 3 - 1
X[y == 1] += 3
options = {"n_members": 2, "max_iter": 3, "random_state": 0}
model = ReVAEClassifier((8,), early_stopping=True, **options)
model.fit(X, y).partial_fit(X, y)
with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "model.safetensors")
    save(model, path)
    loaded = load(path)
    numpy.save(os.path.join(folder, "X.npy"), X)
    stored = numpy.load(os.path.join(folder, "X.npy"), mmap_mode="r")
    checkpoint = Checkpoint(os.path.join(folder, "checkpoint"), every=0)
    mapped = ReVAEClassifier((8,), callbacks=[checkpoint], **options)
    mapped.fit(stored, y).predict(stored)
    del stored
assert (loaded.predict_proba(X) == model.predict_proba(X)).all()
assert loaded.intervene(X, 1).shape == loaded.impute(X).shape == X.shape
print("works")
"""


def test_models_are_fitted_and_saved_without_what_only_posix_has():
    # Text has another default encoding on Windows.
    encodings = ["-X", "warn_default_encoding", "-W", "error::EncodingWarning"]
    command = [sys.executable, *encodings, "-c", WITHOUT_POSIX + USE]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert found.stdout.strip().endswith("works"), found.stderr
