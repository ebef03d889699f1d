"""Public functions are annotated, and mypy infers the right types for users."""

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
PUBLIC = [
    "sklearn_revae",
    *(
        f"sklearn_revae.{module.name}"
        for module in pkgutil.iter_modules(sklearn_revae.__path__)
        if not module.name.startswith("_")
    ),
]


def _own_functions(thing):
    """The functions of a public object: itself, or the public methods of a class."""
    named = inspect.getmembers(thing) if inspect.isclass(thing) else [("", thing)]
    for name, function in named:
        if inspect.isroutine(function) and (name == "__init__" or name[:1] != "_"):
            function = inspect.unwrap(function)
            if str(getattr(function, "__module__", "")).startswith("sklearn_revae"):
                yield name, function


def _public_functions():
    """Every public function and method, by its public name."""
    return [
        pytest.param(function, id=f"{name}.{method}".rstrip("."))
        for module in map(importlib.import_module, PUBLIC)
        for name in module.__all__
        for method, function in _own_functions(getattr(module, name))
    ]


@pytest.mark.parametrize("function", _public_functions())
def test_parameters_and_results_are_annotated(function):
    signature = inspect.signature(function)
    without = [
        parameter.name
        for parameter in signature.parameters.values()
        if parameter.annotation is parameter.empty
        and parameter.name not in ("self", "cls")
    ]
    assert without == []
    assert signature.return_annotation is not signature.empty


def test_mypy_accepts_the_package_and_right_uses_and_refuses_wrong_ones():
    pytest.importorskip("mypy")
    # pyproject.toml names the package and the scripts, and checks the latter strictly.
    # One run takes half the time of two, as most of it goes to other packages.
    ran = subprocess.run(
        [sys.executable, "-m", "mypy"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_a_user_s_script_runs():
    matplotlib = pytest.importorskip("matplotlib")
    pytest.importorskip("polars")
    matplotlib.use("Agg")
    runpy.run_path(str(SCRIPTS / "user_code.py"), run_name="__main__")


def test_the_package_declares_that_it_is_typed():
    assert (Path(sklearn_revae.__file__).parent / "py.typed").is_file()
