"""The fields of the template, in its order and with its words, and the parts that fill each.

Template: Annex of Commission communication C(2025) 8311 of 5.12.2025, reused under Decision 2011/833/EU (CC BY 4.0).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from atom_data.publish.summary.crawled import crawled
from atom_data.publish.summary.general import characteristics, document, header, provider
from atom_data.publish.summary.known import Known
from atom_data.publish.summary.part import Part
from atom_data.publish.summary.processing import law, others, rights, synthetic, users
from atom_data.publish.summary.sources import private, public

TITLE = "Public Summary of Training Content for General-Purpose AI models"
FIELDS: tuple[tuple[str, str], ...] = (
    ("0", "Version of the Summary"),
    ("0.a", "Version of the Summary"),
    ("0.b", "Last update"),
    ("1", "General information"),
    ("1.1", "Provider identification"),
    ("1.1.a", "Provider name and contact details"),
    ("1.1.b", "Authorised representative name and contact details"),
    ("1.2", "Model identification"),
    ("1.2.a", "Versioned model name(s)"),
    ("1.2.b", "Model dependencies"),
    ("1.2.c", "Date of placement of the model on the Union market"),
    ("1.3", "Modalities, overall training data size and other characteristics"),
    ("1.3.a", "Modality"),
    ("1.3.b", "Training data size"),
    ("1.3.c", "Types of content"),
    ("1.3.d", "Latest date of data acquisition/collection for model training"),
    ("1.3.e", "Description of the linguistic characteristics of the overall training data"),
    ("1.3.f", "Other relevant characteristics of the overall training data"),
    ("1.3.g", "Additional comments (optional)"),
    ("2", "List of data sources"),
    ("2.1", "Publicly available datasets"),
    ("2.1.a", "Have you used publicly available datasets to train the model?"),
    ("2.1.b", "If yes, specify the modality(ies) of the content covered by the datasets concerned"),
    ("2.1.c", "List of large publicly available datasets"),
    ("2.1.d", "General description of other publicly available datasets not listed above"),
    ("2.1.e", "Additional comments (optional)"),
    ("2.2", "Private non-publicly available datasets obtained from third parties"),
    ("2.2.1", "Datasets commercially licensed by rightsholders or their representatives"),
    (
        "2.2.1.a",
        "Have you concluded transactional commercial licensing agreement(s) with rightsholder(s) or with their "
        "representatives?",
    ),
    ("2.2.1.b", "If yes, specify the modality(ies) of the content covered by the datasets concerned"),
    ("2.2.2", "Private datasets obtained from other third parties"),
    (
        "2.2.2.a",
        "Have you obtained private datasets from third parties that are not licensed as described in Section 2.2.1, such as "
        "data obtained from providers of private databases, or data intermediaries?",
    ),
    ("2.2.2.b", "If yes, specify the modality(ies) of the content covered by the datasets concerned"),
    ("2.2.2.c", "If publicly known, list private datasets obtained from other third parties"),
    ("2.2.2.d", "General description of non-publicly known private datasets obtained from third parties"),
    ("2.2.2.e", "Additional comments (optional)"),
    ("2.3", "Data crawled and scraped from online sources"),
    ("2.3.a", "Were crawlers used by the provider or on behalf of?"),
    ("2.3.b", "If yes, specify crawler name(s)/identifier(s)"),
    ("2.3.c", "Purposes of the crawler(s)"),
    ("2.3.d", "General description of crawler behaviour"),
    ("2.3.e", "Period of data collection"),
    ("2.3.f", "Comprehensive description of the type of content and online sources crawled"),
    ("2.3.g", "Type of modality covered"),
    ("2.3.h", "Summary of the most relevant domain names crawled"),
    ("2.3.i", "Additional comments (optional)"),
    ("2.4", "User data"),
    (
        "2.4.a",
        "Was data from user interactions with the AI model (e.g. user input and prompts) used to train the model?",
    ),
    (
        "2.4.b",
        "Was data collected from user interactions with the provider's other services or products used to train the model?",
    ),
    (
        "2.4.c",
        "If yes, provide a general description of the provider's services or products that were used to collect the user "
        "data",
    ),
    ("2.4.d", "Type of modality covered"),
    ("2.4.e", "Additional comments (optional)"),
    ("2.5", "Synthetic data"),
    (
        "2.5.a",
        "Was synthetic AI-generated data created by the provider or on their behalf to train the model?",
    ),
    ("2.5.b", "If yes, modality of the synthetic data"),
    (
        "2.5.c",
        "If yes, specify the general-purpose AI model(s) used to generate the synthetic data if available on the market",
    ),
    (
        "2.5.d",
        "Information about other AI models, including provider's own AI model(s) not available on the market, used to "
        "generate synthetic data to train the model to which this Summary applies",
    ),
    ("2.5.e", "Additional comments (optional)"),
    ("2.6", "Other sources of data"),
    (
        "2.6.a",
        "Have data sources other than those described in Sections 2.1 to 2.5 been used to train the model?",
    ),
    ("2.6.b", "If yes, provide a narrative description of these data sources and the data"),
    ("2.6.c", "Additional comments (optional)"),
    ("3", "Data processing aspects"),
    ("3.1", "Respect of reservation of rights from text and data mining exception or limitation"),
    (
        "3.1.a",
        "Are you a Signatory to the Code of Practice for general-purpose AI models that includes commitments to respect "
        "reservations of rights from the TDM exception or limitation?",
    ),
    (
        "3.1.b",
        "Describe the measures implemented before model training to respect reservations of rights from the TDM exception "
        "or limitation before and during data collection, including the opt-out protocols and solutions honoured by the "
        "provider or, as applicable, by third parties from which datasets have been obtained",
    ),
    ("3.1.c", "Additional comments (optional)"),
    ("3.2", "Removal of illegal content"),
    ("3.2.a", "General description of measures taken"),
    ("3.3", "Other information (optional)"),
    ("3.3.a", "Other relevant information about data processing (optional)"),
)
"""Number and label; those that end in a letter are fields, the others are headings."""


@dataclass(frozen=True, slots=True)
class Field:
    """A heading or a field of the summary."""

    key: str
    label: str
    parts: tuple[Part, ...] = ()

    @property
    def is_heading(self) -> bool:
        """Whether it has a title alone."""
        return not self.key[-1].isalpha()

    @property
    def lines(self) -> tuple[str, ...]:
        """What stands in the field: what it says, or why it says nothing."""
        said = tuple(line for part in self.parts for line in part.lines)
        if said:
            return said
        whys = tuple(dict.fromkeys(part.close for part in self.parts if part.by == "none" and part.close))
        if whys:
            return tuple(f"Does not apply: {why}." for why in whys)
        return ("Not answered yet.",) if not self.key.startswith("0") else ("Not stated.",)


def parts_of(known: Known) -> dict[str, Part]:
    """Return all parts by name."""
    makers = (
        document, header, provider, characteristics, public, private, crawled, users, synthetic, others, rights, law,
    )  # fmt: skip
    return {part.name: part for maker in makers for part in maker(known)}


def fields_of(parts: Mapping[str, Part]) -> Iterator[Field]:
    """Yield headings and fields in the order of the template, each with the parts that fill it."""
    for key, label in FIELDS:
        if key != "0":
            yield Field(key, label, tuple(_below(parts.values(), key)) if key[-1].isalpha() else ())


def _below(parts: Iterable[Part], key: str) -> Iterator[Part]:
    for part in parts:
        if part.name.rpartition(".")[0] == key:
            yield part
