"""The warning that a fit was too short."""

from sklearn.exceptions import ConvergenceWarning

from sklearn_revae._warning import warn_user

# The fraction of the steps of max_iter="auto" below which `fit` warns.
_FEWEST_STEPS = 1 / 3


def warn_of_few_steps(max_iter, result):
    """Warn if `max_iter` ended a fit after few of the steps that "auto" chooses.

    Parameters
    ----------
    max_iter : int or "auto"
        The parameter of the estimator.
    result : Result
        What the training run returned.

    Warns
    -----
    ConvergenceWarning
        Not if early stopping or a callback ended the fit before `max_iter` did.
    """
    n_epochs = len(result.history)
    stopped = not isinstance(max_iter, str) and n_epochs == max_iter
    if stopped and n_epochs < _FEWEST_STEPS * result.auto_epochs:
        n_steps, n_needed = (
            n * result.steps_per_epoch for n in (n_epochs, result.auto_epochs)
        )
        warn_user(
            f"max_iter={max_iter} stopped training after {n_steps} steps, but about "
            f"{n_needed} are needed. Increase max_iter, or leave it at 'auto'.",
            ConvergenceWarning,
        )
