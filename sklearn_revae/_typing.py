"""Types in the signatures of the public functions and methods."""

from collections.abc import Collection, Mapping, Sequence
from os import PathLike
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias, TypedDict, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap
    from sklearn.pipeline import Pipeline

    from sklearn_revae._classifier import ReVAEClassifier
    from sklearn_revae._regressor import ReVAERegressor
    from sklearn_revae._transformer import ReVAETransformer

Model: TypeAlias = "ReVAEClassifier | ReVAETransformer"
Storable: TypeAlias = "ReVAEClassifier | ReVAERegressor | ReVAETransformer"
ModelOrPipeline: TypeAlias = "Pipeline | ReVAEClassifier | ReVAETransformer"
Ax: TypeAlias = "Axes | None"
ColorMap: TypeAlias = "str | Colormap"


class Frame(Protocol):
    """A pandas or polars data frame."""

    @property
    def columns(self) -> Any:
        """Names of the columns."""


class Sparse(Protocol):
    """A scipy.sparse matrix or array."""

    def tocsr(self) -> Any:
        """Return it in the compressed sparse row format."""


class Stored(Protocol):
    """Samples by position: an array on disk, a torch Dataset with a length, a list."""

    def __len__(self) -> int: ...
    def __getitem__(self, place: int, /) -> Any: ...


# Samples that are returned as an array, whatever their container is.
ArrayRows: TypeAlias = ArrayLike | Stored | PathLike[str]
Rows: TypeAlias = ArrayRows | Frame | Sparse
# Samples that are returned in a container of the same type.
Container = TypeVar("Container", bound=Frame | Sparse)
# NumPy's type of array-likes excludes lists that hold None beside the labels.
Labels: TypeAlias = ArrayLike | Frame | Sequence[object] | Mapping[str, object]
Weights: TypeAlias = ArrayLike | Mapping[str, float]
# An array for one label and a list of arrays for several. Types cannot express which.
PerLabel: TypeAlias = NDArray[Any] | Any

Auto: TypeAlias = Literal["auto"]
OneClassWeight: TypeAlias = Mapping[Any, float] | Literal["balanced"]
ClassWeight: TypeAlias = OneClassWeight | Sequence[OneClassWeight] | None
RandomState: TypeAlias = int | np.integer[Any] | np.random.RandomState | None
LabelName: TypeAlias = str | int
LabelNames: TypeAlias = LabelName | Collection[LabelName] | NDArray[Any]
Columns: TypeAlias = ArrayLike | Collection[Any]
# The keys of a Mapping are invariant: a dict with keys of type str must be accepted too.
Do: TypeAlias = Mapping[Any, Any] | ArrayLike
How: TypeAlias = Literal["transport", "sample", "mean"]
Method: TypeAlias = How | Mapping[Any, ArrayLike]
Bounds: TypeAlias = Mapping[Any, Sequence[ArrayLike | None] | NDArray[Any]]
Direction: TypeAlias = Mapping[Any, int]
FashionSubset: TypeAlias = Literal["train", "test", "all"]
CelebaSubset: TypeAlias = Literal["train", "valid", "test", "all"]


class EditOptions(TypedDict, total=False):
    """Arguments of `intervene` that do not affect the type of its result."""

    method: Method
    strength: float | Auto
    keep: Columns | None
    bounds: Bounds | None
    direction: Direction | None
    max_columns: int | None
    residual: bool
    random_state: RandomState
