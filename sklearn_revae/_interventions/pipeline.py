"""Interventions through a Pipeline: its steps, the model's edit, the steps inverted."""

from sklearn.utils._param_validation import validate_parameter_constraints

from sklearn_revae._interventions.generation import GenerationMixin
from sklearn_revae._interventions.judging import intervention_report
from sklearn_revae._interventions.mixin import CONSTRAINTS, InterventionMixin
from sklearn_revae._interventions.passage import Passage, check_classes, split, transform
from sklearn_revae._interventions.requests import read_do, without_request
from sklearn_revae._interventions.signatures import for_pipeline


@for_pipeline(InterventionMixin.intervene)
def intervene(
    pipeline,
    X,
    do,
    *,
    keep=None,
    bounds=None,
    direction=None,
    residual=True,
    report=False,
    **options,
):
    """Edit samples so that they have other labels, through a Pipeline.

    The steps before the model are applied to X, the model's method `intervene` edits the
    result, and the steps are inverted. A step can be inverted if it has an
    `inverse_transform`. A ColumnTransformer can, if all its transformers can, and if it
    uses each column exactly once. `max_columns` is refused if the steps mix columns, as a
    PCA does. An edit follows the associations in the data; it is not a causal effect.

    .. versionadded:: 0.2

    Parameters
    ----------
    keep : str, int, or array-like of these, default=None
        Columns, by name or index, that are returned unchanged. The steps may mix columns,
        so that the others are adjusted to the kept ones only if there are no steps.
    residual : bool, default=True
        Whether to add what the edit changes in the decoded sample to the sample that the
        model receives, so that details that the decoder does not reproduce are kept.
        Details that an earlier step drops, such as a PCA with few components, are lost.
    report : bool, default=False
        Whether to return an :class:`~sklearn_revae.InterventionReport` as well. It
        compares X and the result as the model receives them, in the model's features.

    Returns
    -------
    X_new : array-like of shape (n_samples, n_features)
        Edited samples, in the container, the dtypes and the units of X. With `residual`,
        a value is exactly that of X if the edit does not change it, and in the columns of
        `keep`. With the parameter `n_samples`, the result is an array of shape
        (n_samples, n_draws, n_features). It holds floats, or objects if X has categories
        or integers beyond 2**53 that are kept.
    report : InterventionReport
        Diagnostics of the edits. Only returned if `report` is True.

    See Also
    --------
    ReVAEClassifier.intervene : The method, for a model without a Pipeline.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.decomposition import PCA
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn_revae import ReVAEClassifier, intervene
    >>> X, y = load_iris(return_X_y=True)
    >>> model = ReVAEClassifier(max_iter=20, random_state=0)
    >>> pipeline = make_pipeline(PCA(3), model).fit(X, y)
    >>> as_virginica = intervene(pipeline, X[:3], 2, keep=[0])
    >>> pipeline.predict(as_virginica)
    array([2, 2, 2])
    >>> bool((as_virginica[:, 0] == X[:3, 0]).all())
    True
    """
    validate_parameter_constraints(CONSTRAINTS, {"report": report}, "intervene")
    steps, model = split(pipeline)
    options["residual"] = residual
    if not steps:
        limits = {"keep": keep, "bounds": bounds, "direction": direction}
        if report:
            check_classes(model)
            options["report"] = True
        return model.intervene(X, do, **limits, **options)
    passage = Passage(steps, X, model)
    constraints = passage.constraints(keep, bounds, direction)
    values = passage.invert(model.intervene(passage.inside, do, **options))
    if options.get("max_columns") is not None:
        left = passage.unchanged(values, options["max_columns"])
    else:
        left = without_request(read_do(model._labels, do, len(values))).all(axis=1)
    passage.constrain(values, constraints)
    kept = constraints.kept_cells(left)
    X_new = passage.restore(values, kept)
    if not report:
        return X_new
    inside_new = passage.transformed(values, kept)
    baseline = passage.inside if residual else model.reconstruct(passage.inside)
    return X_new, intervention_report(
        model, passage.inside, inside_new, do, baseline=baseline
    )


@for_pipeline(InterventionMixin.swap)
def swap(pipeline, X, donors, labels=None, *, keep=None, residual=True):
    """Give samples the label characteristics of other samples, through a Pipeline.

    The steps before the model are applied to X and to the donors, the model's method
    `swap` edits the result, and the steps are inverted as in :func:`intervene`.

    .. versionadded:: 0.2

    Parameters
    ----------
    keep : str, int, or array-like of these, default=None
        Columns, by name or index, that are returned unchanged. The steps may mix columns,
        so that the others are adjusted to the kept ones only if there are no steps.
    residual : bool, default=True
        As in :func:`intervene`.

    Returns
    -------
    X_new : array-like of shape (n_samples, n_features)
        Edited samples, in the container, the dtypes and the units of X; see
        :func:`intervene`.

    See Also
    --------
    ReVAEClassifier.swap : The method, for a model without a Pipeline.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from sklearn_revae import ReVAEClassifier, swap
    >>> X, y = load_iris(return_X_y=True)
    >>> model = ReVAEClassifier(max_iter=20, random_state=0)
    >>> pipeline = make_pipeline(StandardScaler(), model).fit(X, y)
    >>> pipeline.predict(swap(pipeline, X[:3], X[-3:]))
    array([2, 2, 2])
    """
    steps, model = split(pipeline, classes=True)
    if not steps:
        return model.swap(X, donors, labels, keep=keep, residual=residual)
    passage = Passage(steps, X, model)
    constraints = passage.constraints(keep)
    given = transform(steps, donors)
    edited = model.swap(passage.inside, given, labels, residual=residual)
    return passage.restore(passage.invert(edited), constraints.kept_cells())


@for_pipeline(GenerationMixin.traverse)
def traverse(pipeline, X, label, **options):
    """Interpolate samples along the latent direction of a label, through a Pipeline.

    The steps before the model are applied to X, the model's method `traverse` edits the
    result, and the steps are inverted as in :func:`intervene`.

    .. versionadded:: 0.2

    Parameters
    ----------
    residual : bool, default=True
        As in :func:`intervene`.

    See Also
    --------
    ReVAEClassifier.traverse : The method, for a model without a Pipeline.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from sklearn_revae import ReVAEClassifier, traverse
    >>> X, y = load_iris(return_X_y=True)
    >>> model = ReVAEClassifier(max_iter=20, random_state=0)
    >>> pipeline = make_pipeline(StandardScaler(), model).fit(X, y)
    >>> path = traverse(pipeline, X[:1], 0, steps=5, span=0.0)
    >>> pipeline.predict(path[0, [0, -1]])
    array([0, 2])
    """
    steps, model = split(pipeline, classes=True)
    if not steps:
        return model.traverse(X, label, **options)
    passage = Passage(steps, X, model)
    edited = model.traverse(passage.inside, label, **options)
    return passage.restore(passage.invert(edited))
