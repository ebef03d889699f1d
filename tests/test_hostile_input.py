"""Whatever X and y hold: a result without NaN, or an error that says what to do."""

import datetime
import decimal
import pickle
import re
import warnings
from unittest import mock

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from sklearn_revae import ReVAEClassifier, ReVAETransformer, _base
from sklearn_revae._sample_statistics import STATISTICS

pytestmark = pytest.mark.usefixtures("few_draws")

# Derandomised, so that a run that passes here passes everywhere. Failures are not shrunk,
# because that takes minutes of training.
few = settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
)
many = settings(few, max_examples=25)

TINY = {
    "hidden_layer_sizes": (4,),
    # `partially_fitted` trains for another epoch.
    "max_iter": 1,
    "batch_size": 8,
    "n_members": 2,
    "random_state": 0,
}
# X is read before any member is trained, so tests of many kinds of cells train one only.
SINGLE = {**TINY, "n_members": 1}
N = 8
LABELS = [0, 1] * (N // 2)
# The packages that may raise an error. Others do not know the user's arguments.
SOURCES = ("sklearn_revae", "sklearn")
# What messages name as wrong, in the package's words or in scikit-learn's.
NAMED = re.compile(r"\b([Xy]|[Cc]olumn|array|[Ff]eature|labels?|[Ii]nput|Complex data)\b")


METHODS = {
    "transform": lambda model, X: model.transform(X),
    "score_samples": lambda model, X: model.score_samples(X),
    "reconstruct": lambda model, X: model.reconstruct(X),
    "impute": lambda model, X: model.impute(X),
    "imputed draws": lambda model, X: model.impute(X, n_samples=2, random_state=0),
    "intervene": lambda model, X: model.intervene(X, value(model)),
    "draws": lambda model, X: model.intervene(X, value(model), n_samples=2),
    "inverse": lambda model, X: model.inverse_transform(model.transform(X)),
    "predict": lambda model, X: model.predict(X),
    "predict_proba": lambda model, X: model.predict_proba(X),
    "partial_fit": lambda model, X: partially_fitted(model, X),
}
# These methods return samples in the container and dtypes of X.
ROWS = ("reconstruct", "impute", "intervene")


def value(model):
    """The `do` of an intervention: the first value of the first label."""
    return (
        {0: model.classes_[0][0]}
        if isinstance(model.classes_, list)
        else {0: model.classes_[0]}
    )


def partially_fitted(model, X):
    copy = pickle.loads(pickle.dumps(model))
    n_labels = len(model.label_names_)
    # The samples are unlabelled. Where X has no shape, the length of y does not matter.
    n = X.shape[0] if getattr(X, "shape", ()) else 0
    y = np.full((n, n_labels) if n_labels > 1 else n, None, dtype=object)
    return copy.partial_fit(X, y if n_labels else None).loss_curve_


def refusal(action):
    """Result of `action` and None, or None and its error."""
    with warnings.catch_warnings():
        # NumPy warns of overflows and empty means that the code does not foresee.
        warnings.simplefilter("error", RuntimeWarning)
        warnings.simplefilter("error", pd.errors.PerformanceWarning)
        warnings.filterwarnings("error", category=DeprecationWarning)
        warnings.filterwarnings("ignore", category=UserWarning)
        try:
            return action(), None
        except (ValueError, TypeError) as error:
            check_message(error)
            return None, error


def check_message(error):
    """Check that an error was raised on purpose, and names what is wrong."""
    level = error.__traceback__
    while level.tb_next is not None:
        level = level.tb_next
    source = level.tb_frame.f_globals["__name__"]
    assert source.split(".")[0] in SOURCES, f"{source}: {error}"
    assert NAMED.search(str(error)), error


def fit(model, X, y):
    """Whether the model can be fitted; if not, it is unchanged and was not trained."""
    before = dict(vars(model))
    with mock.patch.object(_base, "train", wraps=_base.train) as training:
        _, error = refusal(lambda: model.fit(X, y))
    if error is not None:
        assert not training.called
        assert vars(model) == before
    return error is None


def use(model, X, alike=True):
    """Call every method on X; return the errors of those that refuse it."""
    before, state = dict(vars(model)), fitted_state(model)
    errors = {}
    for name, method in METHODS.items():
        if name.startswith("predict") and not isinstance(model, ReVAEClassifier):
            continue
        if name in ("intervene", "draws") and not isinstance(model, ReVAEClassifier):
            continue
        result, errors[name] = refusal(lambda method=method: method(model, X))
        assert all(vars(model)[key] is before[key] for key in before), name
        assert vars(model).keys() == before.keys()
        if errors[name] is None:
            for part in result if name == "predict_proba" else [result]:
                assert is_complete(part), (name, part)
            if alike and name in ROWS:
                assert_alike(result, X)
    assert fitted_state(model) == state
    # Either all methods accept X or none.
    refused = {name: error for name, error in errors.items() if error is not None}
    assert len(refused) in (0, len(errors)), refused
    return errors["transform"]


def fitted_state(model):
    """Everything that a fitted model holds, as bytes."""
    # They are computed when they are first needed.
    for name in STATISTICS:
        model._statistic(name)
    others = {k: v for k, v in vars(model).items() if not k.startswith("_optimizer")}
    codec = vars(others.pop("_codec")).copy()
    # Its dtypes, which it shares with X, cache answers; nothing else of it can change.
    template = codec.pop("template_")
    others["template"] = str(getattr(template, "dtypes", template))
    codec["scaling_"] = vars(codec["scaling_"])
    weights = others.pop("module_").state_dict()
    return pickle.dumps([others, codec, {k: w.numpy() for k, w in weights.items()}])


def as_objects(cells):
    array = np.empty(len(cells), dtype=object)
    array[:] = cells
    return array


def is_complete(result):
    """Whether no value of a result is missing or infinite."""
    if isinstance(result, (pd.DataFrame, pl.DataFrame)):
        return all(is_complete(as_objects(list(result[name]))) for name in result.columns)
    cells = result.toarray() if scipy.sparse.issparse(result) else np.asarray(result)
    if cells.dtype.kind != "O":
        return cells.dtype.kind not in "fc" or bool(np.isfinite(cells).all())
    cells = cells.ravel()
    numbers = [float(c) for c in cells if isinstance(c, (float, np.floating))]
    return not pd.isna(cells).any() and bool(np.isfinite(numbers).all())


def assert_alike(new, X):
    if isinstance(X, pd.DataFrame):
        assert list(new.columns) == list(X.columns)
        assert new.index.equals(X.index)
        assert (new.dtypes == X.dtypes).all()
        assert len(new) == len(X)
    elif isinstance(X, pl.DataFrame):
        assert new.schema == X.schema
        assert len(new) == len(X)
    else:
        assert np.shape(new) == np.shape(X)
        if scipy.sparse.issparse(X):
            assert type(new) is type(X)
        if X.dtype.kind not in "OUS":
            assert new.dtype == X.dtype


# Columns.

HARD_FLOATS = [0.0, -0.0, 1.0, -1.0, 1e300, -1e300, 1e-300, 5e-324, 1e150, 1e-170]
HARD_FLOATS += [1e9 + 1e-3, 1e9 - 1e-3, 3.4e38, 2.0**63, 1e16, 0.1, 65504.0, np.nan]
floats = st.sampled_from(HARD_FLOATS) | st.floats(-100, 100)
infinities = st.sampled_from([np.inf, -np.inf, 0.0, 1.0])
words = st.sampled_from(["a", "b", "", "nan", "ß", "1"])
missing = st.sampled_from([None, np.nan, pd.NA, pd.NaT, decimal.Decimal("sNaN")])
odd = st.sampled_from(
    [
        [1, 2],
        {"a": 1},
        {1},
        (1, "a"),
        np.ones(2),
        datetime.date(2000, 1, 1),
        pd.Timestamp("2000-01-01"),
        pd.Interval(0, 1),
        np.timedelta64(1, "D"),
        1 + 2j,
        object(),
        10**400,
    ]
)
plain = st.sampled_from(
    [True, 1, 2.5, "a", "1", b"a", 10**30, decimal.Decimal("1.5"), np.int8(3)]
)


def listed(cells):
    return st.lists(cells, min_size=N, max_size=N)


def objects(cells):
    return listed(cells).map(lambda column: pd.Series(column, dtype=object))


def typed(cells, dtype):
    return listed(cells).map(lambda column: pd.Series(column, dtype=dtype))


def nullable(cells, dtype):
    return typed(cells | st.just(pd.NA), dtype)


def integers(dtype):
    limits = np.iinfo(dtype)
    small, hard = st.integers(0, 4), st.sampled_from([limits.min, limits.max, 0, 1])
    return typed(small, dtype) | typed(hard, dtype)


COLUMNS = {
    "floats": typed(floats, "float64"),
    "small floats": typed(st.floats(-5, 5, width=16), "float16"),
    "single floats": typed(st.floats(width=32, allow_infinity=False), "float32"),
    "nullable floats": nullable(st.floats(-1e9, 1e9), "Float32"),
    "infinite": typed(infinities, "float64"),
    "offset": typed(st.sampled_from([1e9 + k * 1e-3 for k in range(5)]), "float64"),
    "tiny": typed(st.floats(0, 1e-300), "float64"),
    "huge": typed(st.floats(1e200, 1e308), "float64"),
    "constant": st.sampled_from([0, 1, -7.5, 1e12, "a", True]).map(
        lambda cell: pd.Series([cell] * N)
    ),
    "counts": typed(st.integers(0, 3), "int8"),
    "integers": integers("int64"),
    "unsigned": integers("uint64") | integers("uint8"),
    "nullable integers": nullable(st.integers(-3, 3), "Int64"),
    "nullable bytes": nullable(st.sampled_from([0, 255]), "UInt8"),
    "bools": typed(st.booleans(), "bool"),
    "nullable bools": nullable(st.booleans(), "boolean"),
    "words": objects(words | missing),
    "strings": nullable(words, "string"),
    "categories": listed(st.sampled_from(["a", "b", None])).map(
        lambda c: pd.Series(pd.Categorical(c, categories=["c", "b", "a", "unused"]))
    ),
    "grades": listed(st.sampled_from(["a", "b", None])).map(
        lambda c: pd.Series(pd.Categorical(c, ["c", "b", "a", "unused"], ordered=True))
    ),
    "numbers as categories": listed(st.sampled_from([1.5, 2.5, None])).map(
        lambda c: pd.Series(pd.Categorical(c, ordered=False))
    ),
    "mixed": objects(plain | missing),
    "odd": objects(odd | plain),
    "odd alone": objects(odd),
    "dates": st.just(pd.Series(pd.date_range("2000", periods=N))),
    "periods": st.just(pd.Series(pd.period_range("2000", periods=N, freq="D"))),
    "complex": st.just(pd.Series(np.arange(N) + 1j)),
    "sparse": st.just(pd.Series(pd.arrays.SparseArray([0.0, 1.0] * (N // 2)))),
    "nothing": st.just(pd.Series([None] * N, dtype=object)),
}
any_column = st.sampled_from(sorted(COLUMNS)).flatmap(COLUMNS.__getitem__)
labels = st.one_of(
    st.just(LABELS),
    st.just([1] + [-1] * (N - 1)),
    st.just(["a"] + [None] * (N - 1)),
    st.just(pd.Series([True, pd.NA] * (N // 2), dtype="boolean")),
    st.just(pd.DataFrame({"u": LABELS, "v": ["x", None] * (N // 2)})),
)


def framed(columns, index=None):
    frame = pd.DataFrame({f"c{j}": column for j, column in enumerate(columns)})
    return frame if index is None else frame.set_axis(index)


@pytest.mark.parametrize("kind", sorted(COLUMNS))
@settings(few, max_examples=4)
@given(data=st.data())
def test_a_column_of_every_kind_is_used_or_refused(kind, data):
    X = framed([data.draw(COLUMNS[kind]), pd.Series(np.arange(N) * 0.5)])
    model = ReVAEClassifier(**SINGLE)
    if fit(model, X, LABELS):
        assert use(model, X) is None


@many
@given(st.lists(any_column, min_size=1, max_size=4), labels, st.booleans())
def test_frames_of_mixed_columns_are_used_or_refused(columns, y, supervised):
    X = framed(columns, index=pd.Index([3] * N))
    if isinstance(y, pd.DataFrame):
        y = y.to_numpy(dtype=object)
    model = (ReVAEClassifier if supervised else ReVAETransformer)(**TINY)
    if fit(model, X, y):
        assert use(model, X) is None


GOOD = framed(
    [
        pd.Series([0.5, 1.0, 2.5, 3.0, -1.0, 0.0, 1.5, 9.0]),
        pd.Series([0, 1, 2, 3] * 2),
        pd.Series(["a", "b", "b", "z"] * 2),
        pd.Series(pd.Categorical(["lo", "hi"] * 4, ["lo", "hi", "top"], ordered=True)),
        pd.Series(pd.Categorical([4, 7] * 4)),
        pd.Series([True, False] * 4),
    ]
)


@pytest.fixture(scope="module")
def good_model():
    return ReVAEClassifier(**TINY).fit(GOOD, LABELS)


@many
@given(any_column, st.sampled_from(list(GOOD)))
def test_a_column_that_changed_its_kind_is_used_or_refused(good_model, column, name):
    X = GOOD.assign(**{name: column})
    # X's own dtype cannot hold a category that X does not declare.
    use(good_model, X, alike=False)


@few
@given(st.lists(st.sampled_from([*GOOD, "other"]), max_size=7))
def test_only_the_columns_of_fit_in_their_order_are_accepted(good_model, names):
    X = GOOD.assign(other=1.0)[names]
    error = use(good_model, X)
    assert (error is None) == (names == list(GOOD))


@few
@given(
    st.sampled_from(
        [
            GOOD.to_numpy(dtype=object),
            GOOD.to_numpy(dtype=object)[:1],
            np.full((3, 6), 9.7),
            np.full((3, 6), -5),
            np.full((3, 6), np.nan),
            np.ones((3, 6), dtype=bool),
            np.full((3, 6), "a"),
            np.full((3, 6), 1e300),
            np.ones((3, 5)),
            np.ones((3, 6, 1)),
            scipy.sparse.csr_matrix(np.ones((3, 6))),
        ]
    )
)
def test_arrays_for_a_model_of_a_frame_are_used_or_refused(good_model, X):
    # The result holds categories, whatever the dtype of X is.
    use(good_model, X, alike=False)


@pytest.mark.filterwarnings("ignore:X does not have valid feature names")
def test_numbers_are_not_codes_of_categories(good_model):
    numbers = GOOD.to_numpy(dtype=object)
    numbers[:, 2] = None
    with pytest.warns(UserWarning, match=r"Column 'c2' of X holds values .*\(1\.0\)"):
        found = good_model.predict_proba(
            np.column_stack([GOOD[["c0", "c1"]], np.ones(N), np.full((N, 3), np.nan)])
        )
    numbers[:, 3:] = None
    np.testing.assert_array_equal(found, good_model.predict_proba(numbers))


# Arrays.

DTYPES = ["f2", "f4", "f8", ">f8", "i1", "u1", "i8", "u8", "?", "O"]


@st.composite
def arrays(draw):
    """Arrays of all types and sizes with extreme, equal and missing cells."""
    dtype = np.dtype(draw(st.sampled_from(DTYPES)))
    shape = draw(st.integers(1, N)), draw(st.integers(1, 4))
    seed = np.random.RandomState(draw(st.integers(0, 99)))
    values = seed.normal(size=shape) * draw(st.sampled_from([1, 100, 1e30, 1e-30]))
    values = values + draw(st.sampled_from([0, 1e9]))
    if dtype.kind in "iu":
        limits = np.iinfo(dtype)
        ends = np.array([limits.min, limits.max, 0, 1, 2], dtype=dtype)
        values = ends[seed.randint(0, 5, shape)]
    elif dtype == np.float16:
        values = np.clip(values, -65504, 65504)
    values = values.astype(dtype)
    values[:, seed.randint(shape[1])] = values[0, 0]
    if shape[1] > 1 and draw(st.booleans()):
        values[:, 1] = values[:, 0]
    if dtype.kind in "fO":
        values[seed.random_sample(shape) < draw(st.sampled_from([0, 0.3, 0.5]))] = np.nan
        if draw(st.booleans()):
            values[seed.randint(shape[0])] = np.nan
    return values


@many
@given(arrays())
def test_arrays_are_used_or_refused(X):
    model = ReVAEClassifier(**TINY)
    if fit(model, X, np.arange(len(X)) % 2):
        assert use(model, X) is None


@pytest.fixture(scope="module")
def number_model():
    X = np.random.RandomState(0).normal(size=(N, 3))
    X[:, 1] = np.exp(3 * X[:, 1])
    X[:, 2] = [0, 0, 1, 5] * 2
    kinds = ["gaussian", "log_normal", "negative_binomial"]
    return ReVAEClassifier(likelihood=kinds, **TINY).fit(X, LABELS)


@many
@given(st.lists(floats | infinities, min_size=3, max_size=3), st.sampled_from(DTYPES))
@example([1e300, 1.0, 1.0], "f8")
@example([-1e300, 1.0, 1.0], "f8")
@example([0.0, 5e-324, 1e18], "f8")
@example([3.4e38, 3.4e38, 0.0], "f4")
@example([1e18, 1e18, 1e18], "i8")
def test_numbers_far_from_those_of_fit_are_used_or_refused(number_model, row, dtype):
    with np.errstate(all="ignore"):
        use(number_model, np.array([row, [0.0, 1.0, 2.0]]).astype(dtype))


@few
@given(st.lists(any_column, min_size=3, max_size=3))
def test_frames_for_a_model_of_an_array_are_used_or_refused(number_model, columns):
    use(number_model, framed(columns))


@few
@given(st.lists(floats | infinities, min_size=1, max_size=4))
def test_extreme_latent_codes_are_decoded_or_refused(number_model, cells):
    width = number_model.transform(np.ones((1, 3))).shape[1]
    Z = np.resize(cells, (2, width))
    decoded, error = None, None
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            decoded = number_model.inverse_transform(Z)
        except ValueError as refused:
            error = refused
    assert is_complete(decoded) if error is None else "X " in str(error)


FAMILIES = [
    "auto",
    "gaussian",
    "student_t",
    "laplace",
    "log_normal",
    "bernoulli",
    "continuous_bernoulli",
    "beta",
    "categorical",
    "ordinal",
    "poisson",
    "negative_binomial",
]


@pytest.mark.parametrize("family", FAMILIES)
@settings(few, max_examples=3)
@given(data=st.data())
def test_whole_numbers_of_every_family_are_used_or_refused(family, data):
    cells = data.draw(st.sampled_from([[0, 1, 2], [3], [1, 2, 10**6], [0, 10**18]]))
    X = np.array(data.draw(listed(st.sampled_from(cells)))).reshape(-1, 2)
    X = X.astype(data.draw(st.sampled_from(["f8", "i8"])))
    model = ReVAEClassifier(**SINGLE, likelihood=family)
    if not fit(model, X, LABELS[: len(X)]):
        return
    assert use(model, X) is None
    unseen = data.draw(st.sampled_from([0, 7, -3, 2.5, 10**9, np.nan]))
    error = use(model, np.full((2, 2), unseen))
    assert error is None
    if family in ("categorical", "ordinal"):
        assert set(np.ravel(model.reconstruct(X))) <= set(X.ravel())


# Sparse matrices, pictures, polars.

SPARSE = ["csr", "csc", "coo", "lil", "dok", "dia", "bsr"]


@pytest.mark.parametrize("container", ["matrix", "array"])
@few
@given(data=st.data())
def test_sparse_rows_are_used_or_refused(container, data):
    kind = data.draw(st.sampled_from(SPARSE))
    special = [0.0, 0.0, 1.0, 3.0, data.draw(st.sampled_from([np.nan, np.inf, 1e300]))]
    dtype = data.draw(st.sampled_from(["f4", "f8", "i8", "?"]))
    if dtype not in ("f4", "f8"):
        special = special[:4]
    cells = data.draw(st.lists(st.sampled_from(special), min_size=12, max_size=12))
    # Some of the stored cells are zero.
    rows, columns = np.indices((4, 3)).reshape(2, -1)
    with np.errstate(over="ignore"):
        cells = np.array(cells).astype(dtype)
    X = scipy.sparse.coo_array((cells, (rows, columns)), shape=(4, 3))
    X = getattr(scipy.sparse, f"{kind}_{container}")(X)
    model = ReVAEClassifier(**SINGLE)
    if fit(model, X, [0, 1, 0, 1]):
        assert use(model, X) is None


@few
@given(
    st.sampled_from([(4, 4), (1, 1), (4, 4, 3), (3, 4, 4), (0, 4), (4, 4, 1, 1)]),
    st.sampled_from(["f4", "u1", "?", "i8"]),
    st.sampled_from([0.0, 0.5]),
)
def test_pictures_are_used_or_refused(shape, dtype, fraction):
    random = np.random.RandomState(0)
    X = random.randint(0, 2 if dtype == "?" else 256, (N, *shape)).astype(dtype)
    if dtype == "f4":
        X[random.random_sample(X.shape) < fraction] = np.nan
    model = ReVAEClassifier(**TINY)
    if fit(model, X, LABELS):
        assert use(model, X) is None
        wrong = use(model, np.ones((2, 5, 5)))
        assert "resize" in str(wrong).lower()


def polars_series(column):
    series = pl.Series(column, strict=False)
    return series if series.dtype != pl.Object else series.cast(pl.String, strict=False)


@few
@given(
    st.lists(st.sampled_from([None, 0.5, 1e300, np.nan, np.inf]), min_size=N, max_size=N),
    st.lists(st.sampled_from([None, 0, 255]), min_size=N, max_size=N),
    st.lists(st.sampled_from([None, "x", "y"]), min_size=N, max_size=N),
    st.sampled_from([pl.String, pl.Categorical, pl.Enum(["y", "unused", "x"])]),
)
def test_polars_frames_are_used_or_refused(real, whole, names, of_names):
    X = pl.DataFrame(
        {"real": real, "whole": whole, "name": names},
        schema={"real": pl.Float64, "whole": pl.UInt8, "name": of_names},
    )
    model = ReVAEClassifier(**TINY)
    if fit(model, X, LABELS):
        assert use(model, X) is None


@pytest.mark.parametrize(
    ("column", "refused"),
    [
        (pl.Series([[1], [2]] * 4), "must be a string"),
        (pl.Series([{"x": 1}] * N), "must be a string"),
        (pl.Series([datetime.date(2000, 1, 1)] * N), "holds dates"),
        (pl.Series([datetime.timedelta(1)] * N), "holds dates"),
        (pl.Series([None] * N), "only missing values"),
        (pl.Series([b"x", b"y"] * 4), None),
        (pl.Series([2**100, 1] * 4, dtype=pl.Int128), None),
        (pl.Series(["1.5", "2.5"] * 4).cast(pl.Decimal(10, 2)), None),
        (pl.Series([True, None] * 4), None),
    ],
)
def test_a_polars_column_of_every_type_is_used_or_refused(column, refused):
    X = pl.DataFrame({"a": np.arange(N) * 0.5, "b": column})
    model = ReVAEClassifier(**SINGLE)
    if refused is None:
        assert fit(model, X, LABELS)
        assert use(model, X) is None
    else:
        with pytest.raises((ValueError, TypeError), match=f"'b' of X.*{refused}"):
            model.fit(X, LABELS)


# X that is not a table.

NUMBERS = np.ones((N, 3))
NOT_TABLES = {
    "nothing": (None, "2D"),
    "a number": (np.array(3.0), "2D"),
    "a word": (np.array("a"), "2D"),
    "one axis": (np.arange(8.0), "2D"),
    "five axes": (np.zeros((N, 1, 1, 1, 3)), "dim 5"),
    "no rows": (NUMBERS[:0], "0 sample"),
    "no columns": (NUMBERS[:, :0], "0 feature"),
    "no objects": (np.empty((0, 3), dtype=object), "0 sample"),
    "no pictures": (np.empty((0, 4, 4)), "0 sample|pictures"),
    "an empty list": ([], "2D"),
    "an empty frame": (pd.DataFrame(), "0 sample"),
    "a frame without rows": (GOOD[:0], "0 sample"),
    "a frame without columns": (GOOD[[]], "0 feature"),
    "a lazy frame": (pl.LazyFrame({"a": [1.0]}), r"collect\(\)"),
    "a dict": ({"a": [1, 2]}, "data frame"),
    "a set": ({1, 2}, "data frame"),
    "ragged numbers": ([[1, 2], [3]], "X is a list of rows of different lengths"),
    "ragged words": ([["a", 2], ["b"]], "X is a list of rows of different lengths|2D"),
    "complex": (NUMBERS + 1j, "Complex"),
    "records": (np.zeros(N, dtype=[("a", "f8")]), "X is a structured array"),
    "dates": (np.full((N, 3), "2000-01-01", dtype="M8[D]"), "Column 0 of X holds"),
    "spans": (np.ones((N, 3), dtype="m8[D]"), "Column 0 of X holds"),
    "infinity": (np.full((N, 3), np.inf), "X contains infinity in column 0"),
    "lists": (np.array([[[1], 2]] * 2 + [[3, 4]], dtype=object), "Column 0 of X holds"),
    "huge": ([[10**400, 1, 2]] * N, "Column 0 of X holds a number"),
    "two of one name": (pd.concat([GOOD, GOOD], axis=1), "several columns named"),
}


@pytest.mark.parametrize("case", NOT_TABLES)
def test_x_that_is_not_a_table_is_refused(case, number_model):
    X, message = NOT_TABLES[case]
    model = ReVAETransformer(**TINY)
    with pytest.raises((ValueError, TypeError), match=message):
        model.fit(X)
    assert not fit(model, X, None)
    assert use(number_model, X) is not None


def test_masked_cells_are_missing():
    X = np.ma.masked_array(np.random.RandomState(0).normal(size=(N, 3)))
    X[::2, 1] = np.ma.masked
    model = ReVAETransformer(**TINY).fit(X)
    np.testing.assert_array_equal(model.transform(X), model.transform(X.filled(np.nan)))
    assert model.column_kinds_.missing == [0, 0.5, 0]


# Labels.

some = st.sampled_from
LABEL_CELLS = {
    "whole": st.integers(-1, 2),
    "mixed": some([1, "a", None, True, -1]),
    "words": some(["a", "", "nan", None]),
    "floats": some([0.0, 1.0, np.nan, -1.0]),
    "halves": some([0.5, 1.5, 2.25]),
    "infinite": some([np.inf, 1.0, 2.0]),
    "huge": some([10**30, 2**63, -5, 1e300]),
    "bytes": some([b"a", b"b"]),
    "missing": missing,
    "odd": odd,
    "bools": some([True, False, None, pd.NA]),
    "signalling": some([decimal.Decimal("sNaN"), decimal.Decimal("1")]),
}


@pytest.mark.parametrize("kind", sorted(LABEL_CELLS))
@settings(few, max_examples=4)
@given(data=st.data())
def test_labels_of_every_kind_are_used_or_refused(kind, data):
    cells = data.draw(listed(LABEL_CELLS[kind]))
    y = as_objects([*cells]) if data.draw(st.booleans()) else cells
    estimator = data.draw(some([ReVAEClassifier, ReVAETransformer]))
    model = estimator(**SINGLE)
    if fit(model, GOOD, y):
        assert use(model, GOOD) is None


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (np.zeros(N - 1), "inconsistent numbers"),
        (np.zeros((N, 1, 1)), "y should be a 1d array"),
        (pd.DataFrame(index=range(N)), "y should be a 1d array"),
        (np.array(1), "1 dimension"),
        ("abc", "inconsistent"),
        ([[1], [2, 3]] * (N // 2), "y is a list whose rows differ"),
        (as_objects([[1], [2]] * (N // 2)), "y holds .1. of type list"),
        (np.zeros(N, dtype=[("a", "i4")]), "y is a structured array"),
        (scipy.sparse.csr_matrix(np.ones((N, 1))), r"y is a csr_matrix.*toarray"),
        (np.ones(N) + 1j, "Complex"),
        (np.array([np.inf, 1] * (N // 2)), "y contains infinity"),
        (as_objects([np.inf, 1] * (N // 2)), "y holds inf"),
        (np.full(N, -1), "no labelled sample"),
        (pd.DataFrame([[0, 1]] * N, columns=["a", "a"]), "several columns named"),
    ],
)
def test_y_that_does_not_hold_labels_is_refused(y, message):
    model = ReVAEClassifier(**TINY)
    with pytest.raises((ValueError, TypeError), match=message):
        model.fit(NUMBERS, y)
    assert not fit(model, NUMBERS, y)


@pytest.mark.parametrize(
    "y",
    [
        np.ma.masked_array([0, 1] * (N // 2), mask=[True] + [False] * (N - 1)),
        pd.Series(pd.to_datetime([None, "2001"] + ["2002", "2001"] * (N // 2 - 1))),
    ],
    ids=["masked", "no date"],
)
def test_masked_labels_and_missing_dates_are_unlabelled(y):
    model = ReVAEClassifier(**TINY).fit(np.arange(2 * N).reshape(N, 2), y)
    assert len(model.classes_) == 2
    assert sum(model._labels.counts_[0]) == N - 1


# Warnings.


@pytest.mark.parametrize("method", [m for m in METHODS if m not in ("inverse",)])
def test_one_warning_per_column_of_unseen_categories_at_the_users_line(
    method, good_model
):
    X = GOOD.assign(c2="Atlantis", c5=np.array(["x"] * N))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        METHODS[method](good_model, X)
    assert [str(w.message)[:11] for w in caught] == ["Column 'c2'", "Column 'c5'"]
    assert {w.filename for w in caught} == {__file__}


@pytest.mark.parametrize("method", [m for m in METHODS if m not in ("inverse",)])
def test_numbers_too_far_to_compute_with_are_warned_of_at_the_users_line(
    method, few_blobs, quick_classifier
):
    X = few_blobs[0].copy()
    model = quick_classifier().fit(*few_blobs)
    X[3, 1] = 1e300
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        METHODS[method](model, X)
    assert {str(w.message)[:26] for w in caught} == {"Column 1 of X holds 1e+300"}
    assert {w.filename for w in caught} == {__file__}


@pytest.fixture(scope="module")
def model_of_codes():
    X = np.array([[0, 4], [1, 5]] * 4)
    # `partially_fitted` trains for a single step.
    changes = {"batch_size": 2100, "likelihood": "categorical"}
    return ReVAEClassifier(**TINY | changes).fit(X, LABELS)


@pytest.mark.parametrize("method", [m for m in METHODS if m not in ("inverse",)])
def test_one_warning_per_column_of_unseen_numbers_at_the_users_line(
    method, model_of_codes
):
    # More rows than are converted at once, with other numbers in each part.
    unseen = np.column_stack([np.arange(2100), np.full(2100, 4)])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        METHODS[method](model_of_codes, unseen)
    [warning] = caught
    assert re.match(r"Column 0 of X .*\(2, 3, 4, 5, 6, \.\.\.\)", str(warning.message))
    assert warning.filename == __file__
