"""Classifiers trained from labeled documents, for `FastTextClassifier`."""

from atom_data.train.classifier import Options, train_classifier
from atom_data.train.report import Report, Threshold

__all__ = ["Options", "Report", "Threshold", "train_classifier"]
