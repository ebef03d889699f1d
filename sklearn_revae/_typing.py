"""The types that signatures of the public face name."""

from collections.abc import Mapping, Sequence
from os import PathLike
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias, TypedDict, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap
    from sklearn.pipeline import Pipeline

    from sklearn_revae._classifier import ReVAEClassifier
    from sklearn_revae._transformer import ReVAETransformer

Model: TypeAlias = "ReVAEClassifier | ReVAETransformer"
ModelOrPipeline: TypeAlias = "Pipeline | ReVAEClassifier | ReVAETransformer"
Ax: TypeAlias = "Axes | None"
ColorMap: TypeAlias = "str | Colormap"


class Frame(Protocol):
    """A data frame of pandas or polars."""

    @property
    def columns(self) -> Any:
        """Names of the columns."""


class Sparse(Protocol):
    """A matrix or array of scipy.sparse."""

    def tocsr(self) -> Any:
        """Return the same by rows."""


class Stored(Protocol):
    """Rows by their places: an array on disk, a torch Dataset with a length, a list."""

    def __len__(self) -> int: ...
    def __getitem__(self, place: int, /) -> Any: ...


# Rows that come back as an array, whatever they came in.
ArrayRows: TypeAlias = ArrayLike | Stored | PathLike[str]
Rows: TypeAlias = ArrayRows | Frame | Sparse
# Rows that come back in what they came in.
Container = TypeVar("Container", bound=Frame | Sparse)
# A list may hold None beside the labels, which NumPy's own type of it may not.
Labels: TypeAlias = ArrayLike | Frame | Sequence[object]
# An array for one label, a list of arrays for several: which, a type cannot tell.
PerLabel: TypeAlias = NDArray[Any] | Any

Auto: TypeAlias = Literal["auto"]
RandomState: TypeAlias = int | np.integer[Any] | np.random.RandomState | None
LabelName: TypeAlias = str | int
# A Mapping's keys are invariant: whoever has names alone must be able to pass them.
Do: TypeAlias = Mapping[Any, Any] | ArrayLike
How: TypeAlias = Literal["transport", "sample", "mean"]
Method: TypeAlias = How | Mapping[Any, ArrayLike]
Bounds: TypeAlias = Mapping[Any, Sequence[float | None]]
Direction: TypeAlias = Mapping[Any, int]
FashionSubset: TypeAlias = Literal["train", "test", "all"]
CelebaSubset: TypeAlias = Literal["train", "valid", "test", "all"]


class EditOptions(TypedDict, total=False):
    """Arguments of `intervene` on which the type of its result does not depend."""

    method: Method
    strength: float
    keep: ArrayLike | None
    bounds: Bounds | None
    direction: Direction | None
    residual: bool
    random_state: RandomState
