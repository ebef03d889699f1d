"""A whole estimator as a state and weights, and back."""

import math
from numbers import Real

import numpy as np
import sklearn
import torch

from sklearn_revae._classifier import ReVAEClassifier
from sklearn_revae._data.names import is_integer
from sklearn_revae._fit_identity import structure_of
from sklearn_revae._regressor import ReVAERegressor
from sklearn_revae._transformer import ReVAETransformer
from sklearn_revae.persistence import _containers, _parts
from sklearn_revae.persistence._architecture import (
    architecture,
    hidden_layer_sizes,
    image_networks,
    linear_members,
    piecewise_members,
)
from sklearn_revae.persistence._errors import UnstorableError
from sklearn_revae.persistence._labels import (
    exclusions_from,
    labels_from,
    labels_state,
)
from sklearn_revae.persistence._modules import (
    OWN_MODULES,
    build,
    fill,
    own_module,
    probes,
    weights_of,
)
from sklearn_revae.persistence._parts import check, numbers
from sklearn_revae.persistence._values import decode, encode
from sklearn_revae.persistence._version_1 import updated_parameters, updated_settled

ESTIMATORS = {e.__name__: e for e in (ReVAEClassifier, ReVAERegressor, ReVAETransformer)}
# Attributes with the value that training chose for a parameter that may be "auto".
_SETTLED = (
    "early_stopping_monitor_",
    "n_members_",
    "label_weight_",
    "consistency_weight_",
    "edit_weight_",
    "batch_size_",
)
_OUTPUT = "_sklearn_output_config"
_OUTPUTS = ("default", "pandas", "polars")
# Attributes that a file stores, or that follow from what it stores. Optimizer states are
# left out, as in pickles.
_ATTRIBUTES = {
    *("n_features_in_", "feature_names_in_", "_codec", "_labels"),
    *("likelihood_", "label_names_", "_seed", "_optimizer_state", "module_"),
    *("label_dim_", "style_dim_", "history_", "n_iter_", "device_"),
    *("exclusions_", "_sample_statistics", "_structure", _OUTPUT, *_SETTLED),
}


def state_of(estimator):
    """State of an estimator, as JSON, and the tensors that it names.

    Raises
    ------
    UnstorableError
        For a parameter or an attribute that a file cannot hold, by its name.
    """
    tensors, own = {}, {}
    parameters = estimator.get_params(deep=False)
    unknown = sorted(set(vars(estimator)) - set(parameters) - _ATTRIBUTES)
    if "_skl_callbacks" in unknown:
        raise UnstorableError(
            "The callbacks of set_callbacks are code, which cannot be stored in a file. "
            "Only training needs them: call set_callbacks() first, which removes them."
        )
    if unknown:
        raise UnstorableError(
            f"The estimator has attributes {unknown} that the package does not know, so "
            "they cannot be stored. Delete them first."
        )
    if parameters["callbacks"]:
        raise UnstorableError(
            f"callbacks={parameters['callbacks']!r} are code, which cannot be stored in "
            "a file. Only training needs them: call set_params(callbacks=None) first."
        )
    if callable(parameters.get("views")):
        raise UnstorableError(
            f"views={parameters['views']!r} is code, which cannot be stored in a file. "
            "Only training needs it: call set_params(views='auto') first."
        )
    for name in OWN_MODULES:
        if isinstance(parameters[name], torch.nn.Module):
            module = parameters.pop(name)
            own[name] = f"{type(module).__module__}.{type(module).__qualname__}"
            _put(tensors, name, weights_of(module))
    fitted = None
    if hasattr(estimator, "module_"):
        estimator._validate_params()
        fitted = _fitted_state(estimator)
        _put(tensors, "module", weights_of(estimator.module_))
    return {
        "estimator": type(estimator).__name__,
        "versions": {
            "numpy": np.__version__,
            "scikit-learn": sklearn.__version__,
            "torch": str(torch.__version__),
        },
        "parameters": {
            name: encode(value, name, tensors) for name, value in parameters.items()
        },
        "own_modules": own,
        "output": getattr(estimator, _OUTPUT, None),
        "fitted": encode(fitted, "fitted", tensors),
    }, tensors


def _put(tensors, prefix, weights):
    tensors.update({f"{prefix}.{name}": weight for name, weight in weights.items()})


def _take(tensors, prefix):
    """Remove and return the tensors with this prefix, by their names without it."""
    start = f"{prefix}."
    found = [name for name in tensors if name.startswith(start)]
    return {name.removeprefix(start): tensors.pop(name) for name in found}


def _fitted_state(estimator):
    codec, labels = estimator._codec, estimator._labels
    residuals, codes = estimator._statistic("residuals"), estimator._statistic("codes")
    feature_names = getattr(estimator, "feature_names_in_", None)
    image = codec.picture_shape_
    return {
        "n_features": int(estimator.n_features_in_),
        "feature_names": None if feature_names is None else feature_names.tolist(),
        "image": image and [int(side) for side in image],
        "columns": _parts.codec_state(codec),
        "table": _parts.categories_state(codec.table_),
        "template": _containers.describe(codec.template_),
        **labels_state(labels, estimator.module_),
        "latents": [int(estimator.label_dim_), int(estimator.style_dim_)],
        "hidden_layer_sizes": hidden_layer_sizes(estimator),
        "image_networks": image_networks(estimator),
        "linear_members": linear_members(estimator),
        "piecewise_members": piecewise_members(estimator),
        "residuals": None if residuals is None else _parts.residuals_state(residuals),
        "score_quantiles": estimator._statistic("score_quantiles"),
        "scores_codes": estimator._statistic("latent_density") is not None,
        "codes": None if codes is None else _parts.codes_state(codes),
        "certainty": estimator._statistic("certainty"),
        "seed": int(estimator._seed),
        "history": estimator.history_,
        "settled": {name: getattr(estimator, name) for name in _SETTLED},
        "probes": probes(estimator, estimator.module_),
    }


def estimator_from(state, tensors, modules):
    """Return the estimator of a state and its tensors; see :func:`state_of`.

    Raises
    ------
    ValueError
        If a module is missing in `modules`, or another one is there.
    Exception
        Of any type, for what :func:`state_of` does not return.
    """
    tensors = dict(tensors)
    cls = ESTIMATORS[state["estimator"]]
    parameters = updated_parameters(decode(state["parameters"], tensors))
    unknown = sorted(set(parameters) - set(cls._get_param_names()))
    check(not unknown, f"parameters {unknown}")
    estimator = cls(**parameters)
    for name, described in state["own_modules"].items():
        check(name in OWN_MODULES and name not in parameters, "own modules")
        module = own_module(name, str(described), modules)
        setattr(estimator, name, fill(module, _take(tensors, name)))
    unused = sorted(set(modules) - set(state["own_modules"]))
    if unused:
        raise ValueError(
            f"modules has entries for {unused}, but the model was not fitted with such "
            "modules. Leave them out"
        )
    if state["output"] is not None:
        check(set(state["output"]) == {"transform"}, "output")
        check(state["output"]["transform"] in _OUTPUTS, "output")
        setattr(estimator, _OUTPUT, state["output"])
    if state["fitted"] is not None:
        estimator._validate_params()
        weights = _take(tensors, "module")
        vars(estimator).update(
            _fitted(estimator, decode(state["fitted"], tensors), weights)
        )
        estimator._structure = structure_of(estimator)
        estimator._settle_labels(estimator.module_)
    check(not tensors, f"tensors {sorted(tensors)[:3]}")
    return estimator


def _fitted(estimator, state, weights):
    """The attributes that fit sets, except for `exclusions_`."""
    n_features, feature_names = state["n_features"], state["feature_names"]
    check(type(n_features) is int and n_features > 0, "n_features")
    settled = updated_settled(state["settled"])
    _check_settled(settled)
    attributes = {"n_features_in_": n_features, "device_": "cpu", **settled}
    if feature_names is not None:
        _parts.names(feature_names, n_features, "feature names")
        attributes["feature_names_in_"] = np.array(feature_names, dtype=object)
    image = None if state["image"] is None else tuple(state["image"])
    if image is not None:
        check(all(type(side) is int and side > 0 for side in image), "image")
        check(len(image) in (2, 3) and math.prod(image) == n_features, "image")
    categories = _parts.categories_of(state["table"])
    template = _containers.make(state["template"], n_features)
    codec = _parts.codec_from(
        state["columns"], feature_names, n_features, categories, template, image
    )
    codec.image_shape = estimator.image_shape
    labels = labels_from(state, estimator._label_kind)
    check(labels is not None or not estimator._needs_labels, "labels")
    n_values = [] if labels is None else labels.n_values
    sizes = architecture(estimator, state, codec.families_)
    module = build(codec, n_values, sizes, weights)
    check(len(module.members) == settled["n_members_"], "n_members_")
    _compare(probes(estimator, module), state["probes"])
    exclusions = exclusions_from(state["exclusions"], n_values)
    for member in module.members:
        member.label_model.exclusions = exclusions
    check(type(state["seed"]) is int and 0 <= state["seed"] < 2**32, "seed")
    history = state["history"]
    check(isinstance(history, list), "history")
    check(all(isinstance(epoch, dict) for epoch in history), "history")
    return attributes | {
        "_labels": labels,
        "_codec": codec,
        "likelihood_": codec.families_,
        "label_names_": [] if labels is None else list(labels.names_),
        "label_dim_": sizes.label_dim,
        "style_dim_": sizes.style_dim,
        "module_": module,
        "_sample_statistics": _parts.statistics_from(state, n_features, module),
        "_seed": state["seed"],
        "_optimizer_state": None,
        "history_": history,
        "n_iter_": len(history),
    }


def _check_settled(settled):
    """Refuse values of parameters that training cannot have chosen."""
    check(set(settled) == set(_SETTLED), "settled values")
    for name in ("n_members_", "batch_size_"):
        check(is_integer(settled[name]) and settled[name] > 0, name)
    edit_weight = settled["edit_weight_"]
    check(isinstance(edit_weight, Real) and 0 <= edit_weight < math.inf, "edit_weight_")
    monitor = settled["early_stopping_monitor_"]
    check(monitor in (None, "validation_score", "bound"), "early_stopping_monitor_")
    for name in ("label_weight_", "consistency_weight_"):
        weights = numbers(settled[name], (settled["n_members_"],), name)
        check((weights >= 0).all(), name)


def _compare(answers, expected):
    check(set(answers) == set(expected), "probes")
    for name, answer in answers.items():
        if not np.allclose(answer, expected[name], rtol=1e-5, atol=1e-6, equal_nan=True):
            raise ValueError(
                f"modules[{name!r}] takes the weights, but computes something else than "
                "the module that was fitted. Pass the same module"
            )
