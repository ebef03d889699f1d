"""Workflows of the usual hosts name commands that are there."""

import re
import runpy
import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

yaml = pytest.importorskip("yaml")

ROOT = Path(__file__).parent.parent
WORKFLOWS = [
    *sorted((ROOT / ".github" / "workflows").glob("*.yml")),
    ROOT / ".gitlab-ci.yml",
]


def _commands(node):
    """Every shell line in a workflow, whatever its host calls it."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key in ("run", "script", "before_script") and not isinstance(value, dict):
                lines = value if isinstance(value, list) else [value]
                yield from (part for line in lines for part in line.splitlines())
            else:
                yield from _commands(value)
    elif isinstance(node, list):
        for value in node:
            yield from _commands(value)


def _targets():
    return re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.M)


@pytest.fixture(params=WORKFLOWS, ids=lambda path: path.name)
def commands(request):
    found = list(_commands(yaml.safe_load(request.param.read_text())))
    assert found
    return found


def test_scripts_are_there(commands):
    for script in re.findall(r"\S*\.ci/[\w.]+", "\n".join(commands)):
        assert (ROOT / script).is_file(), script


def test_targets_are_there(commands):
    targets = _targets()
    for target in re.findall(r"\bmake ([\w-]+)", "\n".join(commands)):
        assert target in targets


def test_no_workflow_repeats_what_a_script_does(commands):
    tools = r".*\b(?:pip|pytest|ruff|sphinx|twine)\b.*"
    assert not re.findall(tools, "\n".join(commands))


@pytest.mark.parametrize("script", ["run", "core", "check_dist"])
def test_scripts_are_bash(script):
    subprocess.run(["bash", "-n", ROOT / ".ci" / script], check=True)


def test_all_files_have_to_name_the_version_of_a_tag(tmp_path):
    versions = runpy.run_path(str(ROOT / ".ci" / "check_version.py"))["versions"]
    (tmp_path / "sklearn_revae").mkdir()
    (tmp_path / "sklearn_revae" / "_version.py").write_text('__version__ = "0.2.0"\n')
    (tmp_path / "CITATION.cff").write_text("title: x\nversion: 0.2.0\n")
    changes = tmp_path / "CHANGELOG.rst"
    changes.write_text("0.2.0 (2030-01-31)\n----\n\n0.1.0 (2029-01-01)\n----\n")
    assert set(versions(tmp_path).values()) == {"0.2.0"}
    changes.write_text("0.2.0 (unreleased)\n----\n\n0.1.0 (2029-01-01)\n----\n")
    assert versions(tmp_path)["CHANGELOG.rst"] == "0.1.0"


def test_the_checklist_of_a_release_names_what_is_there():
    text = (ROOT / "docs" / "release.rst").read_text()
    targets = _targets()
    for target in re.findall(r"^ {6}make ([\w-]+)", text, re.M):
        assert target in targets
    for script in re.findall(r"\.ci/[\w.]+", text):
        assert (ROOT / script).is_file(), script


def test_the_oldest_pins_are_versions_that_the_package_takes():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = [*project["dependencies"]]
    asked += [r for extra in project["optional-dependencies"].values() for r in extra]
    floors = {Requirement(r).name: Requirement(r).specifier for r in asked}
    oldest = (ROOT / "constraints-oldest.txt").read_text()
    pins = re.findall(r"^([\w-]+)==(.+)$", oldest, re.M)
    assert pins
    for name, version in pins:
        if name in floors:
            assert version in floors[name], name
