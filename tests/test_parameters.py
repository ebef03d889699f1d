"""Parameters: invalid ones are refused by name and value, and all options train."""

import numpy as np
import pytest
import sklearn
import torch
from skorch.callbacks import Callback
from torch import nn

from sklearn_revae import ReVAEClassifier, ReVAETransformer
from sklearn_revae._members import MEMBERS

N_COLUMNS = 4
# With label_dim=2 and style_dim=2.
N_LATENTS = 4

BAD = [
    ("hidden_layer_sizes", 0),
    ("hidden_layer_sizes", "wide"),
    ("hidden_layer_sizes", [8, 0]),
    ("hidden_layer_sizes", [8, 2.5]),
    ("hidden_layer_sizes", True),
    ("hidden_layer_sizes", [True]),
    ("image_shape", (True, 4)),
    ("n_members", 0),
    ("n_members", 2.5),
    ("n_members", "many"),
    ("label_dim", 0),
    ("label_dim", "wide"),
    ("style_dim", -1),
    ("style_dim", 1.5),
    ("likelihood", 5),
    ("likelihood", "poisson"),
    ("label_weight", -1),
    ("label_weight", np.inf),
    ("label_weight", np.nan),
    ("label_weight", "heavy"),
    ("consistency_weight", -1),
    ("consistency_weight", np.inf),
    ("edit_weight", -1),
    ("edit_weight", np.inf),
    ("class_weight", "heavy"),
    ("class_weight", 2.0),
    ("encoder", "transformer"),
    ("encoder", nn.Linear),
    ("decoder", 3),
    ("max_iter", 0),
    ("max_iter", 2.5),
    ("batch_size", 0),
    ("batch_size", "large"),
    ("learning_rate_init", 0),
    ("learning_rate_init", -0.1),
    ("learning_rate_init", np.inf),
    ("learning_rate_init", np.nan),
    ("learning_rate_init", "adaptive"),
    ("early_stopping", "yes"),
    ("early_stopping", 0.0),
    ("early_stopping", 1.0),
    ("n_iter_no_change", 0),
    ("warm_start", "yes"),
    ("callbacks", 5),
    ("callbacks", "stop"),
    ("callbacks", [object]),
    ("device", "quantum"),
    ("device", "cuda:99"),
    ("device", 3),
    ("random_state", "seed"),
    ("verbose", -1),
]


@pytest.mark.parametrize(("name", "value"), BAD)
def test_an_invalid_parameter_is_refused_by_name_and_value(
    name, value, few_blobs, quick_classifier
):
    model = quick_classifier(**{name: value})
    with pytest.raises(ValueError) as refusal:
        model.fit(*few_blobs)
    assert name in str(refusal.value)
    assert str(value) in str(refusal.value)
    assert not hasattr(model, "module_")


def test_a_latent_space_without_dimensions_is_refused(blobs, quick_transformer):
    with pytest.raises(ValueError, match="style_dim=0"):
        quick_transformer(style_dim=0).fit(blobs[0])


class _Custom(ReVAEClassifier):
    """A user's own subclass, which has no `__init__`."""


class _Mixin:
    """A user's own mixin with an `__init__`."""

    def __init__(self, *, note=None, **parameters):
        super().__init__(**parameters)
        self.note = note


class _WithMixin(_Mixin, ReVAEClassifier):
    pass


@pytest.mark.parametrize("cls", [ReVAEClassifier, ReVAETransformer, _Custom])
def test_a_wrong_keyword_is_refused_in_the_name_of_the_class(cls):
    with pytest.raises(TypeError, match=rf"^{cls.__name__}\.__init__\(\) .*'foo'"):
        cls(foo=1)
    with pytest.raises(TypeError, match=rf"^{cls.__name__}\.__init__\(\) takes"):
        cls((8,), 3)
    with pytest.raises(ValueError, match=rf"'foo' for estimator {cls.__name__}\(\)"):
        cls().set_params(foo=1)


def test_the_init_of_a_mixin_is_kept():
    model = _WithMixin(note="mine", label_dim=3)
    assert (model.note, model.label_dim) == ("mine", 3)


def test_validation_can_be_skipped(few_blobs, quick_classifier):
    model = quick_classifier(n_iter_no_change=0)
    with sklearn.config_context(skip_parameter_validation=True):
        assert model.fit(*few_blobs).n_iter_ == 2
        model = quick_classifier(n_iter_no_change=0)
        assert model.partial_fit(*few_blobs, classes=[0, 1, 2]).n_iter_ == 1
    with pytest.raises(ValueError, match="n_iter_no_change"):
        model.fit(*few_blobs)


def test_the_first_call_of_partial_fit_validates(few_blobs, quick_classifier):
    model = quick_classifier(n_iter_no_change=0)
    with pytest.raises(ValueError, match="n_iter_no_change"):
        model.partial_fit(*few_blobs, classes=[0, 1, 2])
    assert not hasattr(model, "module_")


@pytest.mark.parametrize(
    ("name", "value"), [("n_iter_no_change", 0), ("callbacks", [object])]
)
def test_a_failed_validation_keeps_the_earlier_fit(
    name, value, few_blobs, quick_classifier, weight_bytes
):
    model = quick_classifier().fit(*few_blobs).set_params(**{name: value})
    before, weights = dict(vars(model)), weight_bytes(model)
    with pytest.raises(ValueError, match=name):
        model.fit(*few_blobs)
    assert vars(model) == before
    assert weight_bytes(model) == weights


# Each parameter as an array or a scalar of NumPy, and as Python writes it.
NUMPY_VALUES = [
    ("hidden_layer_sizes", 8, (8,)),
    ("hidden_layer_sizes", np.int64(8), (8,)),
    ("hidden_layer_sizes", np.array([8]), (8,)),
    ("hidden_layer_sizes", np.array([], dtype=int), ()),
    ("hidden_layer_sizes", [np.int32(8), 4], (8, 4)),
    ("label_dim", np.int64(2), 2),
    ("style_dim", np.int8(3), 3),
    ("likelihood", np.array(["gaussian"] * 4), ["gaussian"] * 4),
    ("label_weight", np.float32(2.5), 2.5),
    ("edit_weight", np.int64(2), 2),
    ("n_members", np.int64(3), 3),
    ("consistency_weight", np.float64(0.25), 0.25),
    ("max_iter", np.int64(3), 3),
    ("batch_size", np.uint8(7), 7),
    ("learning_rate_init", np.float64(0.25), 0.25),
    ("early_stopping", np.bool_(True), True),
    ("early_stopping", np.float32(0.25), 0.25),
    ("class_weight", {np.int64(0): np.float32(2.0)}, {0: 2}),
    ("image_shape", np.array([2, 2]), (2, 2)),
    ("random_state", np.int64(3), 3),
    ("unlabeled_value", np.int64(-1), -1),
]


@pytest.mark.parametrize(
    ("name", "value", "python"),
    NUMPY_VALUES,
    ids=[f"{name}={value!r}" for name, value, _ in NUMPY_VALUES],
)
def test_arrays_and_scalars_of_numpy_are_values_of_parameters(
    name, value, python, few_blobs, quick_classifier, weight_bytes
):
    model = quick_classifier(**{name: value}).fit(*few_blobs)
    expected = quick_classifier(**{name: python}).fit(*few_blobs)
    assert weight_bytes(model) == weight_bytes(expected)


@pytest.mark.parametrize(
    "value", [-3, 0, 8.0, np.array(8), np.array([8.0]), [[8]], [8, [4]], [8.0], None]
)
def test_hidden_layer_sizes_that_are_not_integers_are_refused(
    value, few_blobs, quick_classifier
):
    with pytest.raises(ValueError, match="hidden_layer_sizes"):
        quick_classifier(hidden_layer_sizes=value).fit(*few_blobs)


def test_parameters_are_stored_as_given(quick_classifier):
    widths = [8]
    assert quick_classifier(hidden_layer_sizes=widths).hidden_layer_sizes is widths


@pytest.mark.parametrize(
    "options",
    [
        {"n_members": 1},
        {"likelihood": "continuous_bernoulli"},
        {"likelihood": "gaussian"},
        {"likelihood": "shared_gaussian"},
        {"likelihood": "laplace"},
        {"hidden_layer_sizes": ()},
        {"hidden_layer_sizes": np.array([8, 8])},
        {"consistency_weight": 2.0},
        {"edit_weight": 2.0},
        {"label_weight": 2.0},
        {"label_dim": 1, "style_dim": 1},
        {"batch_size": 1, "max_iter": 2},
        {"device": "cpu"},
        {"device": torch.device("cpu")},
        {"random_state": np.random.RandomState(0)},
        {"random_state": None},
    ],
    ids=lambda options: ",".join(f"{k}={v}" for k, v in options.items()),
)
def test_an_option_trains(options, few_blobs, quick_classifier):
    X, y = few_blobs
    # The ELBO is the only objective here, so it must rise.
    plain = {"label_weight": 1.0, "consistency_weight": 0, "edit_weight": 0}
    model = quick_classifier(**{"max_iter": 10, **plain, **options}).fit(X, y)
    assert model.loss_curve_[-1] < model.loss_curve_[0]
    assert np.isfinite(model.score_samples(X)).all()


def test_auto_numbers_of_latent_dimensions(few_blobs, quick_classifier):
    model = quick_classifier().fit(*few_blobs)
    # The number of classes, and the square root of the number of columns.
    assert (model.label_dim_, model.style_dim_) == (3, 2)


def test_auto_loss_weights_differ_from_member_to_member(few_blobs, quick_classifier):
    model = quick_classifier(n_members="auto").fit(*few_blobs)
    assert model.n_members_ == len(MEMBERS)
    for name in ("label_weight", "consistency_weight"):
        expected = [getattr(member, name) * N_COLUMNS for member in MEMBERS]
        assert getattr(model, f"{name}_").tolist() == expected
        assert len(set(expected)) > 1
    assert model.edit_weight_ == 0


def test_given_loss_weights_are_those_of_all_members(few_blobs, quick_classifier):
    weights = {"label_weight": 3, "consistency_weight": 0, "edit_weight": 0.5}
    model = quick_classifier(**weights).fit(*few_blobs)
    np.testing.assert_array_equal(model.label_weight_, [3.0, 3.0])
    np.testing.assert_array_equal(model.consistency_weight_, [0.0, 0.0])
    assert model.edit_weight_ == 0.5


@pytest.mark.parametrize(
    ("changes", "n_members"),
    [
        ({"n_members": "auto"}, len(MEMBERS)),
        ({"n_members": 9}, 9),
        ({"encoder": nn.Linear(N_COLUMNS, 5), "n_members": "auto"}, 1),
        ({"encoder": nn.Linear(N_COLUMNS, 5), "n_members": 2}, 2),
    ],
    ids=["auto", "given", "own module", "own module, given"],
)
def test_number_of_members(changes, n_members, few_blobs, quick_classifier):
    model = quick_classifier(**changes).fit(*few_blobs)
    assert model.n_members_ == len(model.module_.members) == n_members


def test_one_member_is_enough_without_labels(blobs, quick_transformer):
    assert quick_transformer(n_members="auto").fit(blobs[0]).n_members_ == 1


@pytest.mark.parametrize(("given", "used"), [("auto", 60), (7, 7)])
def test_batch_size(given, used, few_blobs, quick_classifier):
    assert quick_classifier(batch_size=given).fit(*few_blobs).batch_size_ == used


def _modules():
    """The same custom encoder and decoder in every call."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        encoder = nn.Sequential(nn.Linear(N_COLUMNS, 7), nn.BatchNorm1d(7), nn.Tanh())
        decoder = nn.Sequential(nn.Linear(N_LATENTS, 7), nn.Tanh(), nn.Linear(7, 4))
    return {"encoder": encoder, "decoder": decoder, "label_dim": 2, "style_dim": 2}


def test_custom_modules_are_trained(blobs, few_blobs, quick_classifier):
    model = quick_classifier(
        **_modules(), n_members=1, max_iter=15, batch_size=10, learning_rate_init=0.03
    ).fit(*few_blobs)
    assert model.score(*blobs) > 0.8


def test_custom_modules_are_left_unchanged(few_blobs, quick_classifier):
    modules = _modules()
    state = [modules[name].state_dict() for name in ("encoder", "decoder")]
    before = [{k: v.clone() for k, v in s.items()} for s in state]
    quick_classifier(**modules).fit(*few_blobs)
    for old, name in zip(before, ("encoder", "decoder"), strict=True):
        for key, value in modules[name].state_dict().items():
            torch.testing.assert_close(value, old[key], rtol=0, atol=0)
        assert modules[name].training
        assert all(p.grad is None for p in modules[name].parameters())


class _Returns(nn.Module):
    """A module that applies a function to its input."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


class _PlainTensors(nn.Module):
    """Scales, or shifts, its input by tensors that are neither parameters nor buffers."""

    def __init__(self, n_in, n_out, dtype=torch.float32):
        super().__init__()
        self.layer = nn.Linear(n_in, n_out)
        self.layer.weights = torch.randn(n_out, n_out, dtype=dtype)

    def forward(self, x):
        return self.layer(x) @ self.layer.weights


class _MakesTensors(nn.Module):
    """Makes a tensor of single precision, whatever its input is."""

    def forward(self, x):
        return x @ torch.ones(4, 4)


class _Watch(Callback):
    """Notes that training began."""

    called = False

    def on_train_begin(self, net, **kwargs):
        self.called = True


@pytest.mark.parametrize("name", ["encoder", "decoder"])
@pytest.mark.parametrize(
    ("module", "message"),
    [
        (
            _PlainTensors(4, 4),
            r"_PlainTensors failed on .* type torch\.float64: .*trained in single "
            r"precision and predicts in double.*\['layer\.weights'\].*register_buffer",
        ),
        (
            _PlainTensors(4, 4, torch.float64),
            r"failed on .* type torch\.float32: .*layer\.weights.*register_buffer",
        ),
        (_MakesTensors(), r"failed on .* type torch\.float64: .*dtype=x\.dtype"),
        (_Returns(lambda x: x.float()), r"returned type torch\.float32 for .*float64"),
        (_Returns(lambda x: x.double()), r"returned type torch\.float64 for .*float32"),
        (nn.Linear(4, 4, device="meta"), "Linear has parameters on the device 'meta'"),
        (_Returns(lambda x: x.squeeze()), r"returned Tensor of shape \(4,\).*\(1, 4\)"),
    ],
    ids=lambda value: "" if isinstance(value, str) else type(value).__name__,
)
def test_modules_that_could_not_predict_are_refused_before_training(
    name, module, message, few_blobs, quick_classifier
):
    watch = _Watch()
    sizes = {"label_dim": 2, "style_dim": 2}
    model = quick_classifier(**sizes, **{name: module}, callbacks=[("watch", watch)])
    with pytest.raises(ValueError, match=f"(?s)^{name}=.*{message}"):
        model.fit(*few_blobs)
    assert not watch.called


def test_modules_may_be_single_activations(few_blobs, quick_classifier):
    model = quick_classifier(
        encoder=nn.Identity(), decoder=nn.ReLU(), label_dim=2, style_dim=2
    )
    assert np.isfinite(model.fit(*few_blobs).predict_proba(few_blobs[0])).all()


def test_an_encoder_without_inputs_for_the_mask_is_told_of_it(
    few_blobs, quick_classifier
):
    X, y = few_blobs
    X = np.where(np.eye(60, 4), np.nan, X)
    with pytest.raises(
        ValueError, match=r"a mask of the observed values.*makes 8 inputs"
    ):
        quick_classifier(encoder=nn.Linear(4, 5)).fit(X, y)


def test_modules_in_double_precision_are_trained_in_single(few_blobs, quick_classifier):
    model = quick_classifier(encoder=nn.Linear(4, 5).double()).fit(*few_blobs)
    assert {p.dtype for p in model.module_.parameters()} == {torch.float32}
    assert np.isfinite(model.predict_proba(few_blobs[0])).all()


@pytest.mark.parametrize(
    ("name", "module", "message"),
    [
        (
            "encoder",
            nn.Linear(5, 3),
            r"\(2, 4\).*features of shape \(n, any width >= 1\)",
        ),
        (
            "encoder",
            _Returns(lambda x: x[:, :0]),
            r"\(2, 0\).*features of shape \(n, any width >= 1",
        ),
        (
            "encoder",
            _Returns(lambda x: x[:, None]),
            r"\(2, 1, 4\).*expected features of shape \(n, any width >= 1\)",
        ),
        ("encoder", _Returns(lambda x: (x, x)), r"tuple.*expected features of shape"),
        ("encoder", _Returns(lambda x: x[:1]), r"expected features of shape"),
        ("decoder", nn.Linear(5, 4), r"shape \(n, 4\)"),
        ("decoder", nn.Linear(4, 5), r"returned shape \(2, 5\).*expected \(2, 4\)"),
        ("decoder", _Returns(lambda z: z.sum()), r"expected shape \(n, 4\)"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_custom_modules_with_outputs_of_wrong_shape_are_refused(
    name, module, message, few_blobs, quick_classifier
):
    model = quick_classifier(label_dim=2, style_dim=2, **{name: module})
    with pytest.raises(ValueError, match=f"(?s){name}=.*{message}"):
        model.fit(*few_blobs)
    assert not hasattr(model, "module_")
