"""The names by which receipts know the steps of this package, and what these were called before.

A receipt must not change when a file moves, so a step is named by the package that exports it and not by the module that
holds it: `atom_data.signals.CheckUrl`. A name stays for good. Folders made when modules counted are recognized by the names
of that time: see `identity.former_identities`.
"""

FORMER: tuple[dict[str, str], ...] = (
    {
        "atom_data.Bloom": "atom_data.dedup.repeats.engines.Bloom",
        "atom_data.Lines": "atom_data.dedup.repeats.lines.Lines",
        "atom_data.MinHash": "atom_data.dedup.near.minhash.MinHash",
        "atom_data.Paragraphs": "atom_data.dedup.repeats.lines.Paragraphs",
        "atom_data.RemoveSpans": "atom_data.dedup.repeats.remove.RemoveSpans",
        "atom_data.SameContent": "atom_data.dedup.exact.exact.SameContent",
        "atom_data.SameText": "atom_data.dedup.exact.exact.SameText",
        "atom_data.SameUrl": "atom_data.dedup.exact.exact.SameUrl",
        "atom_data.Substrings": "atom_data.dedup.repeats.substrings.Substrings",
        "atom_data.bridge.DatatroveExtractor": "atom_data.bridge.extractor.DatatroveExtractor",
        "atom_data.bridge.DatatroveFilter": "atom_data.bridge.filter.DatatroveFilter",
        "atom_data.bridge.DatatroveFormatter": "atom_data.bridge.formatter.DatatroveFormatter",
        "atom_data.dedup.BandHashes": "atom_data.dedup.near.minhash.BandHashes",
        "atom_data.dedup.CanonicalUrl": "atom_data.dedup.exact.keys.CanonicalUrl",
        "atom_data.dedup.ContentHash": "atom_data.dedup.exact.keys.ContentHash",
        "atom_data.dedup.Exact": "atom_data.dedup.repeats.engines.Exact",
        "atom_data.dedup.Same": "atom_data.dedup.exact.exact.Same",
        "atom_data.dedup.Sketch": "atom_data.dedup.near.minhash.Sketch",
        "atom_data.dedup.Survivors": "atom_data.dedup.survivors.Survivors",
        "atom_data.dedup.hash_text": "atom_data.dedup.exact.exact.hash_text",
        "atom_data.dedup.measured_before": "atom_data.dedup.near.minhash.measured_before",
        "atom_data.rewrite.NormalizeUnicode": "atom_data.rewrite.unicode.NormalizeUnicode",
        "atom_data.rewrite.RemoveBoilerplateLines": "atom_data.rewrite.lines.RemoveBoilerplateLines",
        "atom_data.rewrite.RemoveC4Lines": "atom_data.rewrite.lines.RemoveC4Lines",
        "atom_data.rewrite.RepairUnicode": "atom_data.rewrite.unicode.RepairUnicode",
        "atom_data.rewrite.ReplacePrivate": "atom_data.rewrite.private.ReplacePrivate",
        "atom_data.signals.CheckUrl": "atom_data.signals.urls.CheckUrl",
        "atom_data.signals.CountBadWords": "atom_data.signals.bad_words.CountBadWords",
        "atom_data.signals.CountStopWords": "atom_data.signals.stop_words.CountStopWords",
        "atom_data.signals.FastTextClassifier": "atom_data.signals.classifier.FastTextClassifier",
        "atom_data.signals.FastTextLanguage": "atom_data.signals.language.FastTextLanguage",
        "atom_data.signals.OnnxClassifier": "atom_data.signals.encoder.OnnxClassifier",
        "atom_data.signals.SampleUnit": "atom_data.signals.sampling.SampleUnit",
        "atom_data.signals.count_characters": "atom_data.signals.words.count_characters",
        "atom_data.signals.count_lines": "atom_data.signals.lines.count_lines",
        "atom_data.signals.count_placeholders": "atom_data.signals.placeholders.count_placeholders",
        "atom_data.signals.count_sentences": "atom_data.signals.sentences.count_sentences",
        "atom_data.signals.count_units": "atom_data.signals.units.count_units",
        "atom_data.signals.count_words": "atom_data.signals.words.count_words",
        "atom_data.signals.measure_as_datatrove": "atom_data.signals.datatrove.measure_as_datatrove",
        "atom_data.signals.measure_as_nemo": "atom_data.signals.nemo.measure_as_nemo",
        "atom_data.signals.measure_characters": "atom_data.signals.characters.measure_characters",
        "atom_data.signals.measure_lines": "atom_data.signals.lines.measure_lines",
        "atom_data.signals.measure_repetition": "atom_data.signals.repetition.measure_repetition",
        "atom_data.signals.measure_vocabulary": "atom_data.signals.vocabulary.measure_vocabulary",
    },
)
"""One table a generation, the latest first: the public name, and what stood in identities at that time. The first is of
releases up to 0.1, which named modules."""

NEW = frozenset(
    (
        "atom_data.Extract",
        "atom_data.extract.BytesEngine",
        "atom_data.extract.Content",
        "atom_data.extract.Engine",
        "atom_data.extract.EngineError",
        "atom_data.extract.JusText",
        "atom_data.extract.MainText",
        "atom_data.extract.Resiliparse",
        "atom_data.extract.Trafilatura",
        "atom_data.extract.WholeText",
        "atom_data.rewrite.LimitNewlines",
        "atom_data.rewrite.RemoveAddresses",
        "atom_data.rewrite.RemoveDclmLines",
        "atom_data.rewrite.RemoveSymbolLines",
        "atom_data.signals.CheckUrlLists",
        "atom_data.signals.CountLoops",
        "atom_data.signals.FastTextLabel",
        "atom_data.signals.datatrove_url_lists",
        "atom_data.signals.dclm_url_lists",
        "atom_data.signals.measure_as_dclm",
    )
)
"""Names that no release before had."""

PUBLIC: frozenset[str] = frozenset(FORMER[0]) | NEW
"""Every step, comparison and engine that an identity can name. What is added later is added here, too."""

MOVED = {
    "ExtractHtml": "Extract(); what it gave until now is Extract(engine=Resiliparse()), and main_content, list_bullets, "
    "alt_texts, links and comments are options of that engine: Extract(engine=Resiliparse(links=True)), with Resiliparse from "
    "atom_data.extract",
    "ExtractTrafilatura": "Extract(engine=Trafilatura()), both from atom_data.extract; what it gave until now is "
    "Extract(engine=Trafilatura(favor_precision=True, metadata=True), max_html_bytes=4 << 20)",
}
"""Names that are exported no more, and what is written today."""
