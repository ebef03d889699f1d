"""The public face says what it takes and returns, and a type checker believes it."""

import importlib
import inspect
import pkgutil
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

import sklearn_revae

ROOT = Path(sklearn_revae.__file__).parent.parent
SCRIPTS = Path(__file__).parent / "typing"
# The rooms of torch and skorch are not for users.
PUBLIC = [
    "sklearn_revae",
    *(
        f"sklearn_revae.{module.name}"
        for module in pkgutil.iter_modules(sklearn_revae.__path__)
        if not module.name.startswith("_") and module.name not in ("model", "training")
    ),
]


def _own_functions(thing):
    """Functions of ours behind a public name: itself, or the class's public methods."""
    named = inspect.getmembers(thing) if inspect.isclass(thing) else [("", thing)]
    for name, function in named:
        if inspect.isroutine(function) and (name == "__init__" or name[:1] != "_"):
            function = inspect.unwrap(function)
            if str(getattr(function, "__module__", "")).startswith("sklearn_revae"):
                yield name, function


def _public_functions():
    """Every public function and method, by the name users call it."""
    return [
        pytest.param(function, id=f"{name}.{method}".rstrip("."))
        for module in map(importlib.import_module, PUBLIC)
        for name in module.__all__
        for method, function in _own_functions(getattr(module, name))
    ]


@pytest.mark.parametrize("function", _public_functions())
def test_parameters_and_results_are_annotated(function):
    signature = inspect.signature(function)
    bare = [
        parameter.name
        for parameter in signature.parameters.values()
        if parameter.annotation is parameter.empty
        and parameter.name not in ("self", "cls")
    ]
    assert bare == []
    assert signature.return_annotation is not signature.empty


def _mypy(*arguments):
    pytest.importorskip("mypy")
    return subprocess.run(
        [sys.executable, "-m", "mypy", *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_mypy_accepts_the_package():
    ran = _mypy()
    assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.mark.parametrize("script", ["user_code.py", "wrong_uses.py"])
def test_a_strict_user_s_mypy_tells_right_from_wrong(script):
    ran = _mypy("--config-file", SCRIPTS / "mypy.ini", SCRIPTS / script)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_a_user_s_script_runs():
    matplotlib = pytest.importorskip("matplotlib")
    pytest.importorskip("polars")
    matplotlib.use("Agg")
    runpy.run_path(str(SCRIPTS / "user_code.py"), run_name="__main__")


def test_the_package_says_that_it_is_typed():
    assert (Path(sklearn_revae.__file__).parent / "py.typed").is_file()
