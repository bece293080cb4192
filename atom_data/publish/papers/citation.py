"""CITATION.cff: how the corpus is cited, in the Citation File Format 1.2.0 (citation-file-format.github.io)."""

from atom_data.publish.facts.facts import Facts
from atom_data.publish.passport.passport import Passport
from atom_data.publish.passport.strings import quoted


def citation(facts: Facts, passport: Passport) -> str:
    """Return the file."""
    corpus = passport.table("corpus")
    lines = ["cff-version: 1.2.0", 'message: "If you use this corpus, please cite it as below."', "type: dataset"]
    lines += [f"title: {quoted(corpus.text('name'))}", f"abstract: {quoted(corpus.text('description'))}", "authors:"]
    for author in corpus.list("authors"):
        family, comma, given = author.partition(",")
        if comma:
            lines += [f"  - family-names: {quoted(family.strip())}", f"    given-names: {quoted(given.strip())}"]
        else:
            lines.append(f"  - name: {quoted(author)}")
    lines += [f"version: {quoted(corpus.text('version'))}", f"date-released: {corpus.text('date')}"]
    if corpus.text("license").lower() != "other":
        lines.append(f"license: {quoted(corpus.text('license'))}")
    elif corpus.text("license_url"):
        lines.append(f"license-url: {quoted(corpus.text('license_url'))}")
    lines.append(f"url: {quoted(corpus.text('url'))}")
    for key, name in (("repository", "repository-code"), ("doi", "doi")):
        if corpus.text(key):
            lines.append(f"{name}: {quoted(corpus.text(key))}")
    if corpus.list("keywords"):
        lines += ["keywords:", *(f"  - {quoted(word)}" for word in corpus.list("keywords"))]
    lines += ["identifiers:", "  - type: other", f"    value: {quoted('atom-data-root:' + facts.root)}"]
    lines.append('    description: "Merkle root of the corpus (atom-data fingerprint)."')
    return "\n".join(lines) + "\n"
