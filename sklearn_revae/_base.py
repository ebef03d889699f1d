"""What the estimators share: parameters, the fit skeleton and pickling."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.utils import _safe_indexing, check_consistent_length, check_random_state
from sklearn.utils.validation import check_is_fitted

from sklearn_revae import _defaults
from sklearn_revae._convergence import warn_of_few_steps
from sklearn_revae._data.codec import Codec
from sklearn_revae._data.column_kinds import ColumnKinds
from sklearn_revae._data.file_names import in_order_of, weights_in_order_of
from sklearn_revae._data.held_out import held_out_samples
from sklearn_revae._data.storage import rows_at
from sklearn_revae._docstrings import renamed
from sklearn_revae._fit_context import CallbackSupport, unchanged_on_failure, watchers
from sklearn_revae._fit_identity import (
    identity_of,
    refuse_other_structure,
    structure_of,
)
from sklearn_revae._inference.latents import LatentsMixin
from sklearn_revae._model.build import build_model
from sklearn_revae._model.copies import copied
from sklearn_revae._model.revae import ReVAE
from sklearn_revae._notebook import NotebookMixin
from sklearn_revae._parameters import CONSTRAINTS, check_parameters
from sklearn_revae._partial_fit import PartialFitMixin
from sklearn_revae._random import FitSeeds, draw_seed, generator, spawn_seeds
from sklearn_revae._sample_statistics import STATISTICS, SampleStatistics
from sklearn_revae._samples import Samples, non_finite_error
from sklearn_revae._torch_state import standard_settings
from sklearn_revae._training.checkpoint import checkpoint_of
from sklearn_revae._training.history import by_epoch, by_quantity, loss_of
from sklearn_revae._training.net import NonFiniteTrainingError
from sklearn_revae._training.processes import processes_of
from sklearn_revae._training.resumption import SavedTraining
from sklearn_revae._training.run import train
from sklearn_revae._typing import Auto, ClassWeight, RandomState


class BaseReVAE(
    NotebookMixin, PartialFitMixin, LatentsMixin, CallbackSupport, BaseEstimator
):
    """Base of the estimators, for labels of any kind.

    Subclasses say how y is read (`_read_labels`), how it weights samples
    (`_sample_weight`), what the module has to know of it (`_count_labels`), and which
    attributes come from it (`_settle_labels`).
    """

    _parameter_constraints: dict = CONSTRAINTS
    # Pickles of earlier versions do not have it.
    _structure: dict[str, str] = {}

    label_names_: list[str]
    likelihood_: NDArray[Any]
    label_dim_: int
    style_dim_: int
    label_weight_: NDArray[np.float64]
    consistency_weight_: NDArray[np.float64]
    edit_weight_: float
    n_members_: int
    batch_size_: int
    n_iter_: int
    history_: list[dict[str, float]]
    early_stopping_monitor_: Literal["validation_score", "bound"] | None
    device_: str
    module_: ReVAE
    n_features_in_: int
    feature_names_in_: NDArray[Any]

    def __init__(
        self,
        hidden_layer_sizes: ArrayLike | Auto = "auto",
        *,
        n_members: int | Auto = "auto",
        label_dim: int | Auto = "auto",
        style_dim: int | Auto = "auto",
        likelihood: str | ArrayLike | Mapping[Any, str] = "auto",
        label_weight: float | Auto = "auto",
        consistency_weight: float | Auto = "auto",
        edit_weight: float | Auto = "auto",
        class_weight: ClassWeight = None,
        encoder: torch.nn.Module | Auto = "auto",
        decoder: torch.nn.Module | Auto = "auto",
        image_shape: Sequence[int] | None = None,
        views: Callable[[torch.Tensor], torch.Tensor] | Auto | None = "auto",
        unlabeled_value: object = -1,
        max_iter: int | Auto = "auto",
        batch_size: int | Auto = "auto",
        learning_rate_init: float | Auto = "auto",
        early_stopping: bool | float = False,
        n_iter_no_change: int = 10,
        warm_start: bool = False,
        callbacks: Sequence[Any] | None = None,
        device: str | torch.device = "auto",
        random_state: RandomState = None,
        verbose: bool | int | Auto = "auto",
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.n_members = n_members
        self.label_dim = label_dim
        self.style_dim = style_dim
        self.likelihood = likelihood
        self.label_weight = label_weight
        self.consistency_weight = consistency_weight
        self.edit_weight = edit_weight
        self.class_weight = class_weight
        self.encoder = encoder
        self.decoder = decoder
        self.image_shape = image_shape
        self.views = views
        self.unlabeled_value = unlabeled_value
        self.max_iter = max_iter
        self.batch_size = batch_size
        self.learning_rate_init = learning_rate_init
        self.early_stopping = early_stopping
        self.n_iter_no_change = n_iter_no_change
        self.warm_start = warm_start
        self.callbacks = callbacks
        self.device = device
        self.random_state = random_state
        self.verbose = verbose

    def __init_subclass__(cls, **kwargs):
        """Name the `__init__` of every estimator after its class, in error messages."""
        super().__init_subclass__(**kwargs)
        # A mixin of the user may have brought another `__init__`.
        if cls.__init__.__module__ == __name__:
            cls.__init__ = renamed(cls.__init__, f"{cls.__qualname__}.__init__")

    def _validate_params(self):
        super()._validate_params()
        check_parameters(self)

    def _fit(self, X, y, sample_weight, *, resume, classes=None, one_epoch=False):
        """Fit from scratch, or train the present module further if `resume`.

        Everything that was passed is validated before training starts, and a fit that
        fails leaves the estimator as it was.
        """
        if not one_epoch:
            self._init_callback_context(max_subtasks=None)
        checkpoint = None if one_epoch else checkpoint_of(self.callbacks)
        processes = processes_of(self.callbacks)
        with standard_settings(), unchanged_on_failure(self), processes.together():
            saved = None
            if checkpoint is not None:
                saved = SavedTraining(checkpoint, processes.is_first)
            if resume:
                refuse_other_structure(self, self._structure)
            else:
                self._structure = structure_of(self)
                self._codec = Codec(self.likelihood, self.image_shape)
                self._labels = None
            samples = self._read(
                X, y, sample_weight, classes, first=not resume, one_epoch=one_epoch
            )
            if resume:
                self._codec = self._codec.for_more(samples.values)
                module = copied(self.module_)
            else:
                self._codec.fit(samples.values)
                module = self._new_module(saved, processes)
            self._count_labels(samples, module, accumulate=resume and one_epoch)
            n_cells = math.prod(samples.values.shape)
            device = processes.device(self.device, n_cells)
            settings, result = self._train(
                module, samples, (X, y), device, one_epoch, saved, processes
            )
            self._settle(module, device, settings, result)
            self._sample_statistics = self._statistics_after(samples, resume, one_epoch)
            if saved is not None:
                saved.remove()
        if not (resume or one_epoch):
            warn_of_few_steps(self.max_iter, result)
        return self

    def _read(self, X, y, sample_weight, classes, first, one_epoch):
        """Validate X, y and sample_weight, and return them as :class:`Samples`.

        The first call learns the container of X, and the classes of y. Weights are
        relative: those of the samples have mean one.
        """
        values = self._codec.read(X, self)
        weight = weights_in_order_of(values, sample_weight)
        # A sample of weight zero must not matter, not even for the scaling.
        used = np.flatnonzero(weight)
        if len(used) == 0:
            raise ValueError(
                "sample_weight is zero for every sample, so there is nothing to fit. At "
                "least one weight has to be positive."
            )
        y = in_order_of(values, y)
        if y is not None:
            check_consistent_length(values, y)
        if len(used) < values.shape[0]:
            values, weight = rows_at(values, used), weight[used]
            y = None if y is None else _safe_indexing(y, used)
        # Equal weights become exactly one, and no sum of large ones overflows.
        weight = weight / weight.max()
        weight = weight / weight.mean()
        codes, evidence = self._read_labels(y, weight, classes, first)
        weight = self._sample_weight(codes, weight, one_epoch)
        return Samples(values, codes, weight, evidence)

    @property
    def _seeds(self):
        return FitSeeds.of(self._seed)

    def _new_module(self, saved, processes):
        """Draw the seed, or take that of a checkpoint; build an untrained module."""
        self._seed = draw_seed(check_random_state(self.random_state))
        if self.random_state is None and saved is not None and saved.seed is not None:
            self._seed = saved.seed
        self._seed = processes.of_first(self._seed)
        self._optimizer_state = None
        self.history_ = []
        n_values = [] if self._labels is None else self._labels.n_values
        columns = self._codec.model_columns()
        return build_model(
            columns,
            bool(self._codec.missing_.any()),
            self._codec.picture_shape_,
            n_values,
            _defaults.architecture_of(self, self._codec, n_values),
            _defaults.n_members_of(self, self._codec, n_values),
            generator(self._seeds.weights),
        )

    def _train(self, module, samples, data, device, one_epoch, saved, processes):
        """Train the module in place; return the settings and the run's result."""
        n_before = len(self.history_)
        if saved is not None or processes.number > 1:
            identity = identity_of(
                self, samples, module, device, self._seed, n_before, processes.n_parts
            )
            processes.compare(identity, saved)
            if saved is not None:
                saved.begin(identity)
        training, held_out, monitor = samples, None, None
        if self.early_stopping and not one_epoch:
            fraction = _defaults.validation_fraction_of(self)
            training, held_out = samples.split(
                held_out_samples(samples.codes, fraction, self._seeds.held_out)
            )
            monitor = "bound" if held_out is None else "validation_score"
        settings = _defaults.settings_of(
            self, self._codec, module, len(training), monitor
        )
        if one_epoch:
            settings.n_epochs, settings.decay = 1, 0.0
        settings.is_whole = settings.decay > 0 and n_before == 0
        settings.processes = processes
        settings.callbacks[:0] = watchers(self, data, samples, module, device, settings)
        scale = self._codec.scaling_.transform
        try:
            result = train(
                module.to(device),
                training.rows(scale, device),
                None if held_out is None else held_out.rows(scale, device),
                settings,
                # Noise differs from call to call, and the first seed determines it.
                (self._seeds.training, n_before),
                self._optimizer_state if one_epoch else None,
                saved,
            )
        except NonFiniteTrainingError as error:
            raise non_finite_error(
                samples, self._codec, self, settings.learning_rate
            ) from error
        return settings, result

    def _settle(self, module, device, settings, result):
        """Set every attribute that training determines."""
        self.module_ = module
        self._optimizer_state = result.optimizer_state
        self.device_ = str(device)
        self.likelihood_ = self._codec.families_
        self.label_names_ = [] if self._labels is None else list(self._labels.names_)
        self._settle_labels(module)
        self.label_dim_ = module.label_model.dim
        self.style_dim_ = module.style_dim
        self.n_members_ = len(module.members)
        for name in ("label_weight", "consistency_weight"):
            weights = [getattr(member, name) for member in settings.members]
            setattr(self, f"{name}_", np.array(weights, dtype=np.float64))
        self.edit_weight_ = settings.edit_weight
        self.batch_size_ = settings.batch_size
        self.early_stopping_monitor_ = settings.monitor
        self.history_ = [*self.history_, *result.history]
        self.n_iter_ = len(self.history_)

    def _statistics_after(self, samples, resume, one_epoch):
        """Return the statistics of the training samples after this call."""
        if not one_epoch:
            return SampleStatistics.of(samples.values, *self._basis_of_statistics())
        earlier = self._sample_statistics if resume else SampleStatistics.of_nothing()
        (seed,) = spawn_seeds((self._seeds.statistics, self.n_iter_), 1)
        return earlier.outdated_by(samples.values, seed)

    def _basis_of_statistics(self):
        scaling = self._codec.scaling_
        return self.module_, scaling, self._seeds.statistics

    def _statistic(self, name):
        """Return a statistic of the training samples, up to date."""
        return self._sample_statistics.get(name, *self._basis_of_statistics())

    @property
    def _residuals(self):
        return self._statistic("residuals")

    @property
    def training_score_quantiles_(self) -> NDArray[np.float64]:
        """Percentiles of the scores of training samples."""
        check_is_fitted(self)
        return self._statistic("score_quantiles")

    @property
    def _resumes(self):
        return self.warm_start and hasattr(self, "module_")

    @property
    def column_kinds_(self) -> ColumnKinds:
        """The inferred type of each column of X, a table."""
        check_is_fitted(self)
        return self._codec.table()

    @property
    def loss_curve_(self) -> list[float]:
        """Loss that was minimised, of each epoch."""
        check_is_fitted(self)
        return [loss_of(epoch) for epoch in self.history_]

    def __getstate__(self):
        """State with the weights on the CPU, so that it can be loaded anywhere."""
        state = dict(super().__getstate__())
        if "module_" in state:
            for name in STATISTICS:
                self._statistic(name)
            state["module_"] = copied(self.module_).cpu()
            state["device_"] = "cpu"
            # It is twice as large as the weights, and only partial_fit uses it.
            state["_optimizer_state"] = None
            state["history_"] = by_quantity(self.history_)
        return state

    def __setstate__(self, state):
        """Restore a state of `__getstate__`."""
        if "module_" in state:
            state = state | {"history_": by_epoch(state["history_"])}
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
