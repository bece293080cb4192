"""What language labels are called, and which are official languages of the Union.

Labels are those of the language models: `de` (lid.176), `deu_Latn` (GlotLID). ISO 639-1 and 639-3; Regulation No 1 of 1958 as
amended has the 24 official languages.
"""

import re

NAMES = {
    "bg": "bul Bulgarian", "hr": "hrv Croatian", "cs": "ces Czech", "da": "dan Danish", "nl": "nld Dutch",
    "en": "eng English", "et": "est Estonian", "fi": "fin Finnish", "fr": "fra French", "de": "deu German",
    "el": "ell Greek", "hu": "hun Hungarian", "ga": "gle Irish", "it": "ita Italian", "lv": "lav Latvian",
    "lt": "lit Lithuanian", "mt": "mlt Maltese", "pl": "pol Polish", "pt": "por Portuguese", "ro": "ron Romanian",
    "sk": "slk Slovak", "sl": "slv Slovenian", "es": "spa Spanish", "sv": "swe Swedish",
    "af": "afr Afrikaans", "sq": "sqi Albanian", "am": "amh Amharic", "ar": "ara Arabic", "hy": "hye Armenian",
    "az": "aze Azerbaijani", "eu": "eus Basque", "be": "bel Belarusian", "bn": "ben Bengali", "bs": "bos Bosnian",
    "my": "mya Burmese", "ca": "cat Catalan", "zh": "zho Chinese", "eo": "epo Esperanto", "gl": "glg Galician",
    "ka": "kat Georgian", "gu": "guj Gujarati", "he": "heb Hebrew", "hi": "hin Hindi", "is": "isl Icelandic",
    "id": "ind Indonesian", "ja": "jpn Japanese", "kn": "kan Kannada", "kk": "kaz Kazakh", "km": "khm Khmer",
    "ko": "kor Korean", "ku": "kur Kurdish", "ky": "kir Kyrgyz", "lo": "lao Lao", "la": "lat Latin",
    "lb": "ltz Luxembourgish", "mk": "mkd Macedonian", "ms": "msa Malay", "ml": "mal Malayalam", "mr": "mar Marathi",
    "mn": "mon Mongolian", "ne": "nep Nepali", "no": "nor Norwegian", "nn": "nno Norwegian Nynorsk",
    "ps": "pus Pashto", "fa": "fas Persian", "pa": "pan Punjabi", "ru": "rus Russian", "sa": "san Sanskrit",
    "gd": "gla Scottish Gaelic", "sr": "srp Serbian", "sd": "snd Sindhi", "si": "sin Sinhala", "so": "som Somali",
    "sw": "swa Swahili", "tg": "tgk Tajik", "ta": "tam Tamil", "tt": "tat Tatar", "te": "tel Telugu", "th": "tha Thai",
    "bo": "bod Tibetan", "tr": "tur Turkish", "uk": "ukr Ukrainian", "ur": "urd Urdu", "ug": "uig Uyghur",
    "uz": "uzb Uzbek", "vi": "vie Vietnamese", "cy": "cym Welsh", "yi": "yid Yiddish", "zu": "zul Zulu",
}  # fmt: skip
"""ISO 639-1: ISO 639-3 and the name in English; the first 24 are official languages of the Union."""
OFFICIAL = tuple(NAMES)[:24]
THREE = {said[:3]: two for two, said in NAMES.items()} | {
    "arb": "ar", "cmn": "zh", "pes": "fa", "ekk": "et", "lvs": "lv", "zsm": "ms", "swh": "sw", "nob": "no", "azj": "az",
    "als": "sq", "npi": "ne", "khk": "mn", "uzn": "uz", "pbt": "ps",
}  # fmt: skip
"""ISO 639-3 to 639-1, with the largest language of macrolanguages."""
CODE = re.compile(r"([a-z]{2,3})(?:[_-][A-Za-z]{4})?")


def code_of(label: str) -> str:
    """Return the ISO 639 code of a label, the short one where it is known; empty for `none`, `mixed` and the like."""
    found = CODE.fullmatch(label)
    if not found or label in ("und", "zxx", "mul"):
        return ""
    code = found.group(1)
    return THREE.get(code, code)


def name_of(label: str) -> str:
    """Return a label with its name: `German (de)`; the label alone where it is not known."""
    said = NAMES.get(code_of(label), "")
    if said:
        return f"{said[4:]} ({label})"
    return label or "not identified"


def is_official(label: str) -> bool:
    """Tell whether it is an official language of the Union."""
    return code_of(label) in OFFICIAL
