"""What the estimators share whose labels are classes."""

from typing import Any

import numpy as np
import torch
from sklearn.utils.validation import check_is_fitted

from sklearn_revae._data.class_weights import class_weight_factors
from sklearn_revae._data.labels import LabelCodes
from sklearn_revae._data.misread import warn_of_labels
from sklearn_revae._members import MEMBERS
from sklearn_revae._model.label_model import LabelModel
from sklearn_revae._typing import PerLabel


class ClassLabelsMixin:
    """The parts of the fit skeleton that read y as classes."""

    exclusions_: list[tuple[tuple[str, Any], tuple[str, Any]]]

    _label_kind = LabelCodes
    _label_model = LabelModel
    _members = MEMBERS

    def _read_labels(self, y, weight, classes, first):
        """Return codes (n, L) of y, and the evidence that some stand for.

        The first call learns the labels and classes.
        """
        no_evidence = np.empty((0, 0))
        if y is None:
            if self._needs_labels:
                raise ValueError(
                    f"This {type(self).__name__} estimator requires y to be passed, but "
                    "the target y is None."
                )
            if first and classes is not None:
                self._labels = LabelCodes(self.unlabeled_value).fit_classes(classes)
            codes = np.full((len(weight), self._n_labels), -1, dtype=np.int64)
            return codes, no_evidence
        if first:
            self._labels = LabelCodes(self.unlabeled_value).fit(y, classes)
        elif self._labels is None:
            raise ValueError(
                "y was passed, but the model was first fitted without labels. Fit it "
                "from scratch with y."
            )
        empty = self._labels.without_classes()
        if len(empty) == len(self._labels.names_) and not self._needs_labels:
            # A transformer treats y without any label as no y.
            self._labels = None
            return np.empty((len(weight), 0), dtype=np.int64), no_evidence
        if empty:
            cure = "leave that column of y out"
            if self._needs_labels:
                cure = "use ReVAETransformer, which needs no labels"
            raise ValueError(
                f"y has no labelled sample at all for {empty}: every value is "
                f"{self.unlabeled_value!r}, None or NaN, or the sample has a weight of "
                f"zero. Label at least one sample, or {cure}."
            )
        try:
            codes, evidence = self._labels.encode_soft(y)
        except ValueError as error:
            if not first:
                error.add_note(
                    "Further training keeps the classes of the first fit. To learn "
                    "others, fit without warm_start, or name all classes in the first "
                    "call of partial_fit."
                )
            raise
        if first and classes is None:
            warn_of_labels(self._labels, codes)
        return codes, evidence

    @property
    def _n_labels(self):
        return 0 if self._labels is None else len(self._labels.names_)

    def _sample_weight(self, codes, weight, one_epoch):
        """Return the weight (n,) of each sample times that of its classes.

        The weights of classes are relative too, and do not change the total weight of the
        labelled samples. A single batch may lack classes, so that its total may change.
        """
        factors = class_weight_factors(self.class_weight, self._labels, codes, weight)
        labeled = (codes >= 0).any(axis=1)
        if self.class_weight is not None and labeled.any() and not one_epoch:
            factors[labeled] /= factors[labeled].max()
            factors[labeled] /= np.average(factors[labeled], weights=weight[labeled])
        return weight * factors

    def _count_labels(self, samples, module, accumulate):
        """Count the labels, and give the module their frequencies and exclusions."""
        counts, exclusions = [], ()
        if self._labels is not None:
            self._labels = self._labels.counted(
                samples.codes, samples.weight, accumulate, samples.evidence
            )
            counts, exclusions = self._labels.counts_, self._labels.exclusions()
        module.set_prior([torch.from_numpy(count) for count in counts], exclusions)
        if len(samples.evidence):
            module.set_evidence(torch.from_numpy(samples.evidence))

    def _settle_labels(self, module):
        """Set the attributes that come from the labels, and forget the samples' own."""
        module.set_evidence(None)
        self.exclusions_ = []
        if self._labels is not None:
            self.exclusions_ = self._labels.named_exclusions(
                module.label_model.exclusions
            )

    @property
    def classes_(self) -> PerLabel:
        """Classes: an array for one label, a list of arrays for several."""
        check_is_fitted(self)
        if self._labels is None:
            raise AttributeError("The model was fitted without y, so it has no classes_.")
        classes = self._labels.classes_
        return classes if self._labels.several_ else classes[0]
