"""Classifiers trained from labeled documents, for `FastTextClassifier`."""

from typing import TYPE_CHECKING

from atom_data.lazy import lazy_names

if TYPE_CHECKING:
    from atom_data.train.classifier import Options as Options, train_classifier as train_classifier
    from atom_data.train.report import Report as Report, Threshold as Threshold

__all__, __getattr__, __dir__ = lazy_names(
    __name__, {"classifier": "Options train_classifier", "report": "Report Threshold"}
)
