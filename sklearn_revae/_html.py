"""What a notebook shows of an estimator: links to its page, columns, end of training."""

import os
from html import escape
from importlib.metadata import PackageNotFoundError, metadata
from math import isfinite

DOCUMENTATION_VARIABLE = "SKLEARN_REVAE_DOCS"


def documentation_address():
    """Address of the documentation's front page without a slash at its end, or "".

    It is written in one place: `Documentation` under `[project.urls]` in pyproject.toml,
    which an installed package keeps in its metadata. The environment variable
    SKLEARN_REVAE_DOCS takes its place, for pages built or mirrored elsewhere.
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


def training_end(history, monitor, patience, tol):
    """Sentences on how training ended, after `history`, a dict an epoch.

    Parameters
    ----------
    history : list of dict
        As an estimator's `history_`.
    monitor : str or None
        What early stopping watched, a key of the history.
    patience : int
        Epochs without a gain before it stops.
    tol : float
        The least gain that counts as one.

    Returns
    -------
    sentences : list of str
        The last epoch's loss, and what early stopping did if it was asked for.
    """
    bound = history[-1].get("bound", float("nan"))
    epochs = "1 epoch" if len(history) == 1 else f"{len(history)} epochs"
    loss = f"a loss of {-bound:.4g} nats a row" if isfinite(bound) else "no finite loss"
    sentences = [f"Trained for {epochs}, with {loss} at the end."]
    if monitor is None:
        return sentences
    # Every run counts its own epochs: with warm_start the last one is what counts.
    start = max(i for i, epoch in enumerate(history) if epoch.get("epoch", 1) == 1)
    scores = [epoch.get(monitor, -float("inf")) for epoch in history[start:]]
    best = max(range(len(scores)), key=scores.__getitem__)
    waited, highest = 0, -float("inf")
    for score in scores:
        waited = 0 if score > highest + tol else waited + 1
        highest = max(highest, score)
    stopped = "Stopped early" if waited >= patience else "Not stopped early"
    sentences.append(
        f"{stopped}; the weights are those of epoch {start + best + 1}, with a "
        f"{monitor} of {scores[best]:.4g}."
    )
    return sentences


class NotebookMixin:
    """The estimator's box in notebooks: links to these pages, and two notes below it."""

    _doc_link_module = "sklearn_revae"

    @property
    def _doc_link_template(self):
        address = documentation_address()
        if not address:
            return ""  # scikit-learn then shows no link
        address = escape(address).replace("{", "{{").replace("}", "}}")
        return address + "/api/generated/{estimator_module}.{estimator_name}.html"

    def _repr_html_inner(self):
        return super()._repr_html_inner() + self._html_of_fit()

    def _repr_mimebundle_(self, **kwargs):
        bundle = super()._repr_mimebundle_(**kwargs)
        if "text/html" in bundle:
            bundle["text/html"] += self._html_of_fit()
        return bundle

    def _html_of_fit(self):
        """The end of training and what the columns were taken for; "" before a fit."""
        if not hasattr(self, "column_kinds_"):
            return ""
        sentences = training_end(
            self.history_,
            self.early_stopping_monitor_,
            self.n_iter_no_change,
            self.tol,
        )
        return f"<p>{escape(' '.join(sentences))}</p>{self.column_kinds_._repr_html_()}"
