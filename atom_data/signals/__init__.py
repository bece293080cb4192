"""Signals: steps that measure. Each adds columns, none drops a row; cards decide."""

from atom_data.signals.bad_words import CountBadWords
from atom_data.signals.characters import measure_characters
from atom_data.signals.classifier import FastTextClassifier
from atom_data.signals.datatrove import measure_as_datatrove
from atom_data.signals.encoder import OnnxClassifier
from atom_data.signals.language import FastTextLanguage
from atom_data.signals.lines import count_lines, measure_lines
from atom_data.signals.nemo import measure_as_nemo
from atom_data.signals.placeholders import count_placeholders
from atom_data.signals.repetition import measure_repetition
from atom_data.signals.sampling import SampleUnit
from atom_data.signals.sentences import count_sentences
from atom_data.signals.stop_words import CountStopWords
from atom_data.signals.units import count_units
from atom_data.signals.urls import CheckUrl
from atom_data.signals.vocabulary import measure_vocabulary
from atom_data.signals.words import count_characters, count_words

__all__ = [
    "CheckUrl",
    "CountBadWords",
    "CountStopWords",
    "FastTextClassifier",
    "FastTextLanguage",
    "OnnxClassifier",
    "SampleUnit",
    "count_characters",
    "count_lines",
    "count_placeholders",
    "count_sentences",
    "count_units",
    "count_words",
    "measure_as_datatrove",
    "measure_as_nemo",
    "measure_characters",
    "measure_lines",
    "measure_repetition",
    "measure_vocabulary",
]
