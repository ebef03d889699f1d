"""The limits on files and functions that the contributors' page states."""

import ast
from pathlib import Path

import pytest

import sklearn_revae

PACKAGE = Path(sklearn_revae.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))
MOST_LINES_OF_A_FILE = 400
MOST_LINES_OF_A_FUNCTION = 60


def _function_lengths(source):
    """Name and number of lines, without its docstring, of every function in `source`."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0]
            documented = ast.get_docstring(node) is not None
            docstring = first.end_lineno - first.lineno + 1 if documented else 0
            yield node.name, node.end_lineno - node.lineno + 1 - docstring


def test_docstrings_do_not_count_as_lines_of_a_function():
    source = 'def f(a):\n    """One.\n\n    Two.\n    """\n    return a\n'
    assert list(_function_lengths(source)) == [("f", 2)]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_files_and_functions_stay_short(path):
    source = path.read_text()
    assert len(source.splitlines()) <= MOST_LINES_OF_A_FILE
    # Every estimator has many parameters, which __init__ only stores.
    long = {
        name: lines
        for name, lines in _function_lengths(source)
        if lines > MOST_LINES_OF_A_FUNCTION and name != "__init__"
    }
    assert long == {}
