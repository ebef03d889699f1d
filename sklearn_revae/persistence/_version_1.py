"""What files of earlier versions of the package say, in terms of this version."""

import numpy as np

# Parameters that no longer exist, and that predictions do not depend on.
_REMOVED = ("alpha", "independence_weight", "n_mc_samples", "tol", "unlabeled_bound")


def updated_parameters(parameters):
    """Parameters of an estimator by the names and with the meaning of this version.

    Parameters
    ----------
    parameters : dict
        Parameters as a file of any version holds them.

    Returns
    -------
    dict

    Raises
    ------
    ValueError
        If the classifier is affine, because this version only has the Bayes classifier.
    """
    parameters = {k: v for k, v in parameters.items() if k not in _REMOVED}
    if parameters.pop("label_classifier", "bayes") != "bayes":
        raise ValueError(
            "it holds a model with label_classifier='affine', which only earlier "
            "versions of the package can load"
        )
    fraction = parameters.pop("validation_fraction", None)
    if fraction is not None and parameters.get("early_stopping") is True:
        parameters["early_stopping"] = fraction
    return parameters


def updated_settled(settled):
    """Fitted values of parameters, by the names and with the shapes of this version."""
    settled = {"n_members_": 1, **settled}
    settled.pop("alpha_", None)
    for name in ("label_weight_", "consistency_weight_"):
        settled[name] = np.atleast_1d(np.asarray(settled[name], dtype=np.float64))
    return settled
