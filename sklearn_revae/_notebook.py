"""How notebooks show an estimator: a link to its page, and two notes after a fit."""

import os
from html import escape
from importlib.metadata import PackageNotFoundError, metadata
from math import isfinite

from sklearn_revae._training.history import loss_of

DOCUMENTATION_VARIABLE = "SKLEARN_REVAE_DOCS"


def documentation_address():
    """Address of the documentation without a slash at its end, "" if there is none.

    The address is defined by `Documentation` under `[project.urls]` in pyproject.toml,
    and read from the metadata of the installed package. The environment variable
    SKLEARN_REVAE_DOCS replaces it, for pages that were built or mirrored elsewhere.
    """
    address = os.environ.get(DOCUMENTATION_VARIABLE)
    if address is None:
        try:
            urls = metadata("sklearn-revae").get_all("Project-URL", [])
        except PackageNotFoundError:
            urls = []
        named = dict(url.split(", ", 1) for url in urls)
        address = named.get("Documentation", "")
    return address.rstrip("/")


def training_end(history, monitor, patience):
    """Return sentences on how training ended.

    Parameters
    ----------
    history : list of dict
        An estimator's `history_`.
    monitor : str or None
        The entry of the history that early stopping monitored, or None.
    patience : int
        Number of epochs without improvement after which early stopping stops.

    Returns
    -------
    sentences : list of str
        The loss of the last epoch, and the result of early stopping if it was used.
    """
    last = loss_of(history[-1])
    epochs = "1 epoch" if len(history) == 1 else f"{len(history)} epochs"
    loss = "no finite loss"
    if isfinite(last):
        loss = f"a loss of {last:.4g} nats per sample"
    sentences = [f"Trained for {epochs}, with {loss} at the end."]
    if monitor is None:
        return sentences
    # Each run counts its own epochs. After a warm start only the last run matters.
    start = max(i for i, epoch in enumerate(history) if epoch.get("epoch", 1) == 1)
    scores = [epoch.get(monitor, -float("inf")) for epoch in history[start:]]
    best = max(range(len(scores)), key=scores.__getitem__)
    waited, highest = 0, -float("inf")
    for score in scores:
        waited = 0 if score > highest else waited + 1
        highest = max(highest, score)
    stopped = "Stopped early" if waited >= patience else "Not stopped early"
    sentences.append(
        f"{stopped}; the weights are those of epoch {start + best + 1}, with a "
        f"{monitor} of {scores[best]:.4g}."
    )
    return sentences


class DocumentationLink:
    """Links the HTML that notebooks show of an estimator to its page."""

    _doc_link_module = "sklearn_revae"

    @property
    def _doc_link_template(self):
        address = documentation_address()
        if not address:
            return ""  # scikit-learn then shows no link
        address = escape(address).replace("{", "{{").replace("}", "}}")
        return address + "/api/generated/{estimator_module}.{estimator_name}.html"


class NotebookMixin(DocumentationLink):
    """Adds the end of training to the HTML that notebooks show of an estimator."""

    def _repr_html_inner(self):
        return super()._repr_html_inner() + self._html_of_fit()

    def _repr_mimebundle_(self, **kwargs):
        bundle = super()._repr_mimebundle_(**kwargs)
        if "text/html" in bundle:
            bundle["text/html"] += self._html_of_fit()
        return bundle

    def _html_of_fit(self):
        """The end of training and the inferred types of the features; "" before a fit."""
        if not hasattr(self, "column_kinds_"):
            return ""
        sentences = training_end(
            self.history_, self.early_stopping_monitor_, self.n_iter_no_change
        )
        return f"<p>{escape(' '.join(sentences))}</p>{self.column_kinds_._repr_html_()}"
