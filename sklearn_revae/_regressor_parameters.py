"""The parameters of ReVAERegressor: those of the others that do not concern classes."""

from dataclasses import replace

from sklearn_revae._parameters import PARAMETERS

_TEXTS = {
    "n_members": """\
        int or "auto", default="auto"
        Number of ensemble members: models of the same architecture with different initial
        weights and different regularisation, which are trained at the same time. Unless
        all features are pixels, every second one has a linear encoder, and every third
        and fourth reads numbers in bins as well. Predictions are the mean over the
        members. If "auto", 4 for fully connected networks (5 if all features are pixels),
        and 1 for convolutional networks and for modules of your own.""",
    "label_dim": """\
        int or "auto", default="auto"
        Number of latent dimensions per target. If "auto", 2.""",
    "style_dim": """\
        int or "auto", default="auto"
        Number of latent dimensions that belong to no target. If "auto", the square root
        of `n_features`, rounded up and clipped to [2, 32].""",
    "label_weight": """\
        float or "auto", default="auto"
        Weight of log q(y|x) in the ELBO of labelled samples, where 1 is the ELBO itself;
        a number applies to all ensemble members. If "auto", 5 or 20 times the number of
        features, because log p(x|z) grows with them, and different for each member; 3000
        for convolutional networks. See `label_weight_`.""",
    "consistency_weight": """\
        float or "auto", default="auto"
        Weight of the consistency loss: the squared difference between the predictions for
        a sample and for a perturbed view of it, in standard deviations of y; a number
        applies to all ensemble members. If "auto", between 0 and 5 times the number of
        features, and different for each member; 1500 for convolutional networks. See
        `consistency_weight_`. 0 trains on the ELBO and the edit-consistency loss
        only.""",
    "edit_weight": """\
        float or "auto", default="auto"
        Weight of the edit-consistency loss: for samples edited to another number, decoded
        and encoded again, the next ensemble member should predict that number. It trains
        the decoder only. If "auto", 0 for several fully connected networks; for a
        single one, 0.5 times the number of features, at most 30; for convolutional
        networks, 0.25 times that number, at most 1200.""",
    "early_stopping": """\
        bool or float, default=False
        Whether to stop when R2 on held-out labelled samples no longer improves, and to
        keep the best weights. A float is the fraction of the labelled samples that is
        held out, True holds out 0.1. If there are too few labelled samples to hold two
        out and to keep two, the ELBO of the training samples is monitored instead; see
        `early_stopping_monitor_`.""",
    "verbose": """\
        bool or "auto", default="auto"
        Whether to show a progress bar with the loss, R2 on the held-out labelled samples,
        or else on training samples, and the time left. If "auto", the bar appears in a
        terminal or a notebook once it is foreseeable that the training takes more than
        five seconds.""",
}
_OF_CLASSES = {"class_weight", "unlabeled_value"}

REGRESSOR_PARAMETERS = {
    name: replace(parameter, text=_TEXTS.get(name, parameter.text))
    for name, parameter in PARAMETERS.items()
    if name not in _OF_CLASSES
}
