"""Signatures and documentation that methods share with the functions for a Pipeline."""

import inspect
import re
from collections.abc import Callable, Sequence
from typing import Any, Literal, Protocol, TypeVar, Unpack, overload

from numpy.typing import NDArray

from sklearn_revae._interventions.report import InterventionReport
from sklearn_revae._model.edits import SPAN
from sklearn_revae._typing import (
    ArrayRows,
    Columns,
    Container,
    Do,
    EditOptions,
    LabelName,
    LabelNames,
    ModelOrPipeline,
    Rows,
)

_Function = TypeVar("_Function")

# What all functions say in place of the methods.
_OF_PIPELINE = """
Parameters
----------
pipeline : Pipeline, ReVAEClassifier or ReVAETransformer
    Fitted Pipeline whose last step is an estimator of this package, or such an estimator.
X : array-like of shape (n_samples, n_features)
    Samples, as the Pipeline expects them.

Raises
------
ValueError
    For a step that cannot be inverted, naming it, before anything is edited, and for
    everything that the method of the model refuses.
"""

# The order that numpydoc prescribes.
_SECTIONS = (
    "Parameters",
    "Returns",
    "Raises",
    "See Also",
    "Notes",
    "References",
    "Examples",
)


class Signatures(Protocol):
    """Types of the functions; those of the methods have `self` in place of `pipeline`.

    Only type checkers read them. The type of the result depends on the container of X,
    on `n_samples` and on `report`.
    """

    @overload
    @staticmethod
    def intervene(
        pipeline: ModelOrPipeline,
        X: Container,
        do: Do,
        *,
        n_samples: None = None,
        report: Literal[False] = False,
        **options: Unpack[EditOptions],
    ) -> Container: ...
    @overload
    @staticmethod
    def intervene(
        pipeline: ModelOrPipeline,
        X: Container,
        do: Do,
        *,
        n_samples: None = None,
        report: Literal[True],
        **options: Unpack[EditOptions],
    ) -> tuple[Container, InterventionReport]: ...
    @overload
    @staticmethod
    def intervene(
        pipeline: ModelOrPipeline,
        X: ArrayRows,
        do: Do,
        *,
        n_samples: int | None = None,
        report: Literal[False] = False,
        **options: Unpack[EditOptions],
    ) -> NDArray[Any]: ...
    @overload
    @staticmethod
    def intervene(
        pipeline: ModelOrPipeline,
        X: ArrayRows,
        do: Do,
        *,
        n_samples: int | None = None,
        report: Literal[True],
        **options: Unpack[EditOptions],
    ) -> tuple[NDArray[Any], InterventionReport]: ...

    @overload
    @staticmethod
    def swap(
        pipeline: ModelOrPipeline,
        X: Container,
        donors: Rows,
        labels: LabelNames | None = None,
        *,
        keep: Columns | None = None,
        residual: bool = True,
    ) -> Container: ...
    @overload
    @staticmethod
    def swap(
        pipeline: ModelOrPipeline,
        X: ArrayRows,
        donors: Rows,
        labels: LabelNames | None = None,
        *,
        keep: Columns | None = None,
        residual: bool = True,
    ) -> NDArray[Any]: ...

    @staticmethod
    def traverse(
        pipeline: ModelOrPipeline,
        X: Rows,
        label: LabelName | Sequence[LabelName] | NDArray[Any],
        *,
        steps: int = 10,
        span: float = SPAN,
        values: Sequence[Any] | NDArray[Any] | None = None,
        residual: bool = True,
    ) -> NDArray[Any]: ...


def typed_as(signature: _Function) -> Callable[[Callable[..., Any]], _Function]:
    """Give a method one of the :class:`Signatures`, for type checkers only."""

    def decorate(function: Any) -> Any:
        return function

    return decorate


def for_pipeline(method: _Function) -> Callable[[Callable[..., Any]], _Function]:
    """Give a function for a Pipeline the signature and the documentation of a method.

    The function's own docstring holds what differs: the summary, some parameters and some
    sections. All others are those of the method.
    """

    def decorate(function: Any) -> Any:
        signature = inspect.signature(method)  # type: ignore[arg-type]
        first, *others = signature.parameters.values()
        first = first.replace(name="pipeline", annotation=ModelOrPipeline)
        function.__signature__ = signature.replace(parameters=[first, *others])
        docstrings = inspect.getdoc(method), _OF_PIPELINE, inspect.getdoc(function)
        function.__doc__ = _merged(docstrings, function.__signature__.parameters)
        return function

    return decorate


def _merged(docstrings, parameters):
    """One docstring of several, in which the later ones replace what the earlier say."""
    sections, entries = {}, {}
    for docstring in docstrings:
        found = _sections(docstring)
        entries.update(_entries(found["Parameters"]))
        sections.update(found)
    sections["Parameters"] = "".join(entries[name] for name in parameters)
    parts = [
        f"{title}\n{'-' * len(title)}\n{sections[title]}"
        for title in _SECTIONS
        if title in sections
    ]
    return "\n\n".join(part.strip() for part in [sections[""], *parts]) + "\n"


def _sections(docstring):
    """The text of each section of a docstring by title; the first has no title."""
    first, *others = re.split(r"^(\S.*)\n-{3,}\n", docstring, flags=re.MULTILINE)
    return {"": first, **dict(zip(others[::2], others[1::2], strict=True))}


def _entries(section):
    """The entries of a section that describes parameters, by name."""
    entries = re.split(r"^(?=\S)", section.strip() + "\n", flags=re.MULTILINE)
    return {entry.split(" : ")[0]: entry for entry in entries if entry}
