"""Signals: steps that measure. Each adds columns, none drops a row; cards decide."""

from typing import TYPE_CHECKING

from atom_data.lazy import lazy_names

if TYPE_CHECKING:
    from atom_data.signals.bad_words import CountBadWords as CountBadWords
    from atom_data.signals.characters import measure_characters as measure_characters
    from atom_data.signals.classifier import FastTextClassifier as FastTextClassifier
    from atom_data.signals.datatrove import measure_as_datatrove as measure_as_datatrove
    from atom_data.signals.encoder import OnnxClassifier as OnnxClassifier
    from atom_data.signals.language import FastTextLanguage as FastTextLanguage
    from atom_data.signals.lines import count_lines as count_lines, measure_lines as measure_lines
    from atom_data.signals.nemo import measure_as_nemo as measure_as_nemo
    from atom_data.signals.placeholders import count_placeholders as count_placeholders
    from atom_data.signals.published.dclm import measure_as_dclm as measure_as_dclm
    from atom_data.signals.published.labels import FastTextLabel as FastTextLabel
    from atom_data.signals.published.loops import CountLoops as CountLoops
    from atom_data.signals.published.url_lists import (
        CheckUrlLists as CheckUrlLists,
        datatrove_url_lists as datatrove_url_lists,
        dclm_url_lists as dclm_url_lists,
    )
    from atom_data.signals.repetition import measure_repetition as measure_repetition
    from atom_data.signals.sampling import SampleUnit as SampleUnit
    from atom_data.signals.sentences import count_sentences as count_sentences
    from atom_data.signals.stop_words import CountStopWords as CountStopWords
    from atom_data.signals.units import count_units as count_units
    from atom_data.signals.urls import CheckUrl as CheckUrl
    from atom_data.signals.vocabulary import measure_vocabulary as measure_vocabulary
    from atom_data.signals.words import count_characters as count_characters, count_words as count_words

__all__, __getattr__, __dir__ = lazy_names(
    __name__,
    {
        "bad_words": "CountBadWords",
        "characters": "measure_characters",
        "classifier": "FastTextClassifier",
        "datatrove": "measure_as_datatrove",
        "encoder": "OnnxClassifier",
        "language": "FastTextLanguage",
        "lines": "count_lines measure_lines",
        "nemo": "measure_as_nemo",
        "placeholders": "count_placeholders",
        "published.dclm": "measure_as_dclm",
        "published.labels": "FastTextLabel",
        "published.loops": "CountLoops",
        "published.url_lists": "CheckUrlLists datatrove_url_lists dclm_url_lists",
        "repetition": "measure_repetition",
        "sampling": "SampleUnit",
        "sentences": "count_sentences",
        "stop_words": "CountStopWords",
        "units": "count_units",
        "urls": "CheckUrl",
        "vocabulary": "measure_vocabulary",
        "words": "count_characters count_words",
    },
)
