"""What both estimators share: the fit skeleton, latents, densities."""

import contextlib
import copy
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import scipy.sparse
import torch
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.model_selection import StratifiedShuffleSplit
from sklearn.utils import _safe_indexing, check_consistent_length, check_random_state
from sklearn.utils.validation import _check_sample_weight, check_is_fitted

from sklearn_revae._data.chunks import chunk_bounds
from sklearn_revae._data.exclusions import count_pairs, find_exclusions
from sklearn_revae._data.kinds import ColumnKinds
from sklearn_revae._data.labels import LabelCodes
from sklearn_revae._data.reading import name_of, read_rows
from sklearn_revae._data.scaling import Columns
from sklearn_revae._data.storage import is_stream, rows_at, streams
from sklearn_revae._defaults import settings_of
from sklearn_revae._html import NotebookMixin
from sklearn_revae._imputation.residuals import learn_residuals
from sklearn_revae._inference.density import bound_quantiles
from sklearn_revae._inference.latents import LatentsMixin
from sklearn_revae._model.build import build_model
from sklearn_revae._model.revae import ReVAE
from sklearn_revae._parameters import CONSTRAINTS, check_parameters
from sklearn_revae._training.batches import Rows
from sklearn_revae._training.device import resolve_device
from sklearn_revae._training.history import by_epoch, by_quantity
from sklearn_revae._training.net import NonFiniteTrainingError
from sklearn_revae._training.run import generator, train
from sklearn_revae._training.streaming import make_lazy
from sklearn_revae._typing import Auto, PerLabel, RandomState


@dataclass
class _Data:
    """Training data after validation: rows in X's units, codes and weights."""

    X: object
    columns: Columns
    codes: np.ndarray
    weight: np.ndarray

    def rows(self, index, device):
        """Return the rows at `index`, ascending, on the device; weights of mean one.

        They are converted there and then, or if they are many, when they are used.
        """
        weight = self.weight[index]
        X = self.X if isinstance(index, slice) else rows_at(self.X, index)
        if streams(self.X):
            x = make_lazy(X, self.columns.to_model, device)
        else:
            x = torch.from_numpy(self.columns.to_model(X))
        return Rows(
            x,
            torch.from_numpy(self.codes[index]),
            torch.from_numpy((weight / weight.mean()).astype(np.float32)),
        ).to(device)


class BaseReVAE(NotebookMixin, LatentsMixin, BaseEstimator):
    """Base of :class:`ReVAEClassifier` and :class:`ReVAETransformer`."""

    _parameter_constraints: dict = CONSTRAINTS

    label_names_: list[str]
    likelihood_: NDArray[Any]
    label_dim_: int
    style_dim_: int
    exclusions_: list[tuple[tuple[str, Any], tuple[str, Any]]]
    label_weight_: float
    consistency_weight_: float
    edit_weight_: float
    alpha_: float
    batch_size_: int
    n_iter_: int
    history_: list[dict[str, float]]
    early_stopping_monitor_: Literal["validation_score", "bound"] | None
    training_score_quantiles_: NDArray[np.float64]
    device_: str
    module_: ReVAE
    n_features_in_: int
    feature_names_in_: NDArray[Any]

    def __init__(
        self,
        hidden_layer_sizes: ArrayLike | Auto = "auto",
        *,
        label_dim: int | Auto = "auto",
        style_dim: int | Auto = "auto",
        likelihood: str | ArrayLike | Mapping[Any, str] = "auto",
        label_weight: float | Auto = "auto",
        consistency_weight: float | Auto = "auto",
        edit_weight: float | Auto = "auto",
        independence_weight: float = 0.0,
        alpha: float | Auto = "auto",
        label_classifier: Literal["bayes", "affine"] = "bayes",
        unlabeled_bound: Literal["marginal", "classifier"] = "marginal",
        n_mc_samples: int = 8,
        encoder: torch.nn.Module | Auto = "auto",
        decoder: torch.nn.Module | Auto = "auto",
        image_shape: Sequence[int] | None = None,
        unlabeled_value: object = -1,
        max_iter: int | Auto = "auto",
        batch_size: int | Auto = "auto",
        learning_rate_init: float = 0.003,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 10,
        tol: float = 1e-4,
        warm_start: bool = False,
        callbacks: Sequence[Any] | None = None,
        device: str | torch.device = "auto",
        random_state: RandomState = None,
        verbose: bool | int = False,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.label_dim = label_dim
        self.style_dim = style_dim
        self.likelihood = likelihood
        self.label_weight = label_weight
        self.consistency_weight = consistency_weight
        self.edit_weight = edit_weight
        self.independence_weight = independence_weight
        self.alpha = alpha
        self.label_classifier = label_classifier
        self.unlabeled_bound = unlabeled_bound
        self.n_mc_samples = n_mc_samples
        self.encoder = encoder
        self.decoder = decoder
        self.image_shape = image_shape
        self.unlabeled_value = unlabeled_value
        self.max_iter = max_iter
        self.batch_size = batch_size
        self.learning_rate_init = learning_rate_init
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.tol = tol
        self.warm_start = warm_start
        self.callbacks = callbacks
        self.device = device
        self.random_state = random_state
        self.verbose = verbose

    @contextlib.contextmanager
    def _unchanged_on_failure(self):
        """Put every attribute back if the block raises, Ctrl-C included."""
        before = self.__dict__.copy()
        try:
            yield
        except BaseException:
            self.__dict__.clear()
            self.__dict__.update(before)
            raise

    def _read_X(self, X, reset):
        return read_rows(self, X, reset)

    def _read_labels(self, X, y, classes, first):
        """Codes (n, L) of y; on a first call learn what its labels and classes are."""
        if first:
            self._labels = None
        if y is None:
            if self._needs_labels:
                raise ValueError(
                    f"This {type(self).__name__} estimator requires y to be passed, but "
                    "the target y is None."
                )
            if first and classes is not None:
                self._labels = LabelCodes(self.unlabeled_value).fit_classes(classes)
            if self._labels is None:
                return np.empty((X.shape[0], 0), dtype=np.int64)
            return np.full((X.shape[0], len(self._labels.classes_)), -1, dtype=np.int64)
        if first:
            self._labels = LabelCodes(self.unlabeled_value).fit(y, classes)
        elif self._labels is None:
            raise ValueError(
                "y was passed, but the model was first fitted without labels: fit it "
                "anew, with y."
            )
        return self._labels.encode(y)

    def _read(self, X, y, sample_weight, classes, first):
        """Validate everything that was passed, before anything is trained."""
        X = self._read_X(X, reset=first)
        weight = _check_sample_weight(
            sample_weight, X, dtype=np.float64, ensure_non_negative=True
        )
        # A row of no weight must leave no trace, in the scales least of all.
        used = np.flatnonzero(weight)
        if len(used) == 0:
            raise ValueError(
                "sample_weight is zero for every row: nothing is left to fit."
            )
        if y is not None:
            check_consistent_length(X, y)
        if len(used) < X.shape[0]:
            X, weight = rows_at(X, used), weight[used]
            y = None if y is None else _safe_indexing(y, used)
        return X, self._read_labels(X, y, classes, first), weight

    def _check_observed(self, codes):
        """Refuse codes that cannot be learned from; drop labels without any value."""
        if self._labels is None:
            return codes
        empty = [
            name
            for name, classes in zip(
                self._labels.names_, self._labels.classes_, strict=True
            )
            if len(classes) == 0
        ]
        if empty and len(empty) == codes.shape[1] and not self._needs_labels:
            self._labels = None
            return np.empty((len(codes), 0), dtype=np.int64)
        if empty:
            raise ValueError(
                f"y has no labelled row at all for {empty}: every cell is "
                f"{self.unlabeled_value!r}, None or NaN. Label at least one row"
                + (
                    ", or use ReVAETransformer, which needs no labels."
                    if self._needs_labels
                    else ", or leave that column of y out."
                )
            )
        return codes

    @property
    def _resumes(self):
        return self.warm_start and hasattr(self, "module_")

    def _partial_fit(self, X, y, classes, sample_weight):
        """Train one epoch on a batch of rows, or on each of a generator's."""
        if is_stream(X):
            return self._partial_fit_each(X, y, classes, sample_weight)
        first = not hasattr(self, "module_")
        if first and self._needs_labels and classes is None:
            raise ValueError("classes must be passed on the first call to partial_fit.")
        if not first and classes is not None and self._labels is not None:
            known = self._labels.classes_
            given = classes if self._labels.several_ else [classes]
            if len(given) != len(known) or not all(
                np.array_equal(np.unique(g), k) for g, k in zip(given, known, strict=True)
            ):
                raise ValueError(
                    f"classes={classes!r} are not those of the first call to "
                    f"partial_fit, {[k.tolist() for k in known]}."
                )
        return self._fit(
            X, y, sample_weight, resume=not first, classes=classes, one_epoch=True
        )

    def _partial_fit_each(self, batches, y, classes, sample_weight):
        """Train one epoch on each batch: X, (X, y) or (X, y, sample_weight)."""
        if y is not None or sample_weight is not None:
            raise ValueError(
                f"X is a {type(batches).__name__}: y and sample_weight have to come with "
                "its batches, as (X, y) or (X, y, sample_weight)."
            )
        batch = None
        for batch in batches:
            parts = batch if isinstance(batch, tuple) else (batch,)
            if not 1 <= len(parts) <= 3 or is_stream(parts[0]):
                raise ValueError(
                    "X gave a batch that is neither rows nor a tuple (X, y) or "
                    "(X, y, sample_weight)."
                )
            X, y, weight = (*parts, None, None)[:3]
            self._partial_fit(X, y, classes, weight)
        if batch is None:
            raise ValueError(
                f"X is a {type(batches).__name__} without any batch: at least one is "
                "needed. One that has been used up gives none."
            )
        return self

    def _fit(self, X, y, sample_weight, *, resume, classes=None, one_epoch=False):
        """Train from scratch, or further from the present weights if `resume`."""
        check_parameters(self)
        with self._unchanged_on_failure():
            X, codes, weight = self._read(X, y, sample_weight, classes, not resume)
            codes = self._check_observed(codes)
            if resume:
                self._columns.report_unseen(X)
            else:
                self._start(X, codes)
            self._count_labels(codes, weight)
            data = _Data(X, self._columns, codes, weight)
            self._train(data, one_epoch)
        return self

    def _start(self, X, codes):
        """Learn the columns, draw the seeds, build the model."""
        # Nobody keeps pictures in a sparse matrix.
        image = False if scipy.sparse.issparse(X) else None
        self._columns = Columns(self.likelihood).fit(
            X,
            getattr(self, "feature_names_in_", None),
            None if self._table is None else self._table.levels_,
            image if self._image is None else True,
        )
        self.likelihood_ = self._columns.families_
        names = [] if self._labels is None else self._labels.names_
        self.label_names_ = list(names)
        random_state = check_random_state(self.random_state)
        self._seed = int(random_state.randint(np.iinfo(np.int32).max))
        self._optimizer_state = None
        self._counts = [np.zeros(len(c)) for c in self._class_lists()]
        self._pair_counts = 0.0
        self.module_ = build_model(
            self,
            self._columns.model_columns(),
            bool(self._columns.missing_.any()),
            self._image,
            [len(c) for c in self._class_lists()],
            generator(self._seed),
        )
        self.label_dim_ = self.module_.label_model.dim
        self.style_dim_ = self.module_.style_dim
        self.history_ = []
        self.n_iter_ = 0

    @property
    def column_kinds_(self) -> ColumnKinds:
        """What each column of X was taken for, a table."""
        check_is_fitted(self)
        return self._columns.table()

    @property
    def loss_curve_(self) -> list[float]:
        """Negative bound of each epoch."""
        check_is_fitted(self)
        return [-epoch.get("bound", math.nan) for epoch in self.history_]

    @property
    def classes_(self) -> PerLabel:
        """Classes, an array for one label, a list of arrays for several."""
        check_is_fitted(self)
        if self._labels is None:
            raise AttributeError("The model was fitted without y: it has no classes_.")
        classes = self._labels.classes_
        return classes if self._labels.several_ else classes[0]

    def _class_lists(self):
        return [] if self._labels is None else self._labels.classes_

    def _count_labels(self, codes, weight):
        """Update p(y) by the labels seen."""
        self._counts = [
            count + np.bincount(c[c >= 0], weight[c >= 0], minlength=len(count))
            for count, c in zip(self._counts, codes.T, strict=True)
        ]
        pairs = count_pairs(codes, [len(count) for count in self._counts])
        if pairs is not None:
            self._pair_counts = self._pair_counts + pairs

    def _named_exclusions(self, exclusions):
        """Pairs of (label, value) in the user's words, each pair once."""
        names, classes = self.label_names_, self._class_lists()
        return [
            (
                (names[label], classes[label].tolist()[value]),
                (names[other], classes[other].tolist()[code]),
            )
            for label, value, other, code, _ in exclusions
            if label < other
        ]

    def _validation_split(self, codes, one_epoch):
        """Index of training rows, of held-out labelled rows, and what is watched."""
        everything, nothing = slice(None), np.empty(0, dtype=np.int64)
        if one_epoch or not self.early_stopping:
            return everything, nothing, None
        labeled = np.flatnonzero((codes >= 0).any(axis=1))
        n_held_out = math.ceil(self.validation_fraction * len(labeled))
        strata = codes[labeled, 0] if codes.shape[1] == 1 else np.zeros(len(labeled))
        n_strata, sizes = np.unique(strata, return_counts=True)
        enough = len(labeled) > 0 and sizes.min() >= 2
        if not enough or not len(n_strata) <= n_held_out <= len(labeled) - len(n_strata):
            return everything, nothing, "bound"
        splitter = StratifiedShuffleSplit(
            1, test_size=n_held_out, random_state=self._seed
        )
        _, held_out = next(splitter.split(strata, strata))
        held_out = np.sort(labeled[held_out])
        return np.setdiff1d(np.arange(len(codes)), held_out), held_out, "validation_score"

    def _train(self, data, one_epoch):
        """Train a copy of the module, and take it over when training has ended well."""
        device = resolve_device(self.device, math.prod(data.X.shape))
        training, held_out, monitor = self._validation_split(data.codes, one_epoch)
        rows = data.rows(training, device)
        settings = settings_of(
            self, self._columns, self.module_, self._counts, len(rows), monitor
        )
        if one_epoch:
            settings.n_epochs, settings.decay = 1, False
        module = copy.deepcopy(self.module_)
        module.label_model.set_prior([torch.from_numpy(c) for c in self._counts])
        module.label_model.exclusions = find_exclusions(
            self._pair_counts, module.label_model.n_values
        )
        module.to(device)
        try:
            result = train(
                module,
                rows,
                data.rows(held_out, device) if len(held_out) else None,
                settings,
                # Every call its own noise, all of it decided by the first seed.
                self._seed + self.n_iter_,
                self._optimizer_state if one_epoch else None,
            )
        except NonFiniteTrainingError as error:
            raise self._explain_non_finite(data.X) from error
        self.module_ = module
        self._optimizer_state = result.optimizer_state
        self.device_ = str(device)
        self.exclusions_ = self._named_exclusions(module.label_model.exclusions)
        self.early_stopping_monitor_ = settings.monitor
        self.label_weight_ = settings.label_weight
        self.consistency_weight_ = settings.consistency_weight
        self.edit_weight_ = settings.edit_weight
        self.alpha_ = settings.alpha
        self.batch_size_ = settings.batch_size
        self.history_ = [*self.history_, *result.history]
        self.n_iter_ = len(self.history_)
        self._residuals = learn_residuals(module, data.X, self._columns, self._seed)
        self.training_score_quantiles_ = bound_quantiles(
            module, data.X, self._columns, self.unlabeled_bound, self._seed
        )

    def _explain_non_finite(self, X):
        """Error that names the likeliest cause of a loss that stayed non-finite."""
        reach = np.zeros(X.shape[1])
        for start, stop in chunk_bounds(X):
            scaled = np.abs(self._columns.to_model(X[start:stop]))
            reach = np.fmax(reach, np.fmax.reduce(scaled, axis=0))
        column = int(reach.argmax())
        return FloatingPointError(
            "Training did not recover from a loss or gradient that is NaN or infinite, "
            "after restarts at lower learning rates. The likely cause is the range of "
            f"column {name_of(self, column)} of X, which reaches {reach[column]:.3g} "
            "standard deviations: clip or log-transform it. Else lower "
            f"learning_rate_init={self.learning_rate_init}."
        )

    def __getstate__(self):
        """State with the weights on the CPU, so that it loads on any machine."""
        state = dict(super().__getstate__())
        if "module_" in state:
            state["module_"] = copy.deepcopy(self.module_).cpu()
            state["device_"] = "cpu"
            # Twice the weights' size, and only partial_fit would miss its momentum.
            state["_optimizer_state"] = None
            state["history_"] = by_quantity(self.history_)
            # Names are long, and those of the features tell the columns'.
            state["_columns"] = self._columns.named(None)
        return state

    def __setstate__(self, state):
        """Take over a state of `__getstate__`."""
        if "module_" in state:
            names = state.get("feature_names_in_")
            state = state | {
                "history_": by_epoch(state["history_"]),
                "_columns": state["_columns"].named(names),
            }
        super().__setstate__(state)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.two_d_labels = False
        tags.target_tags.multi_output = True
        tags.input_tags.sparse = True
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        tags.input_tags.three_d_array = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
