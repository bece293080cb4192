"""Train the sample's tokenizer: byte-level BPE with 8,192 ids on the text of the sample's pages.

    python train_tokenizer.py --sample FOLDER --output FOLDER/tokenizer.json

Training counts and merges in a fixed order, so the same texts give the same file. At the end every text is encoded
with `tokenizers` and with `fastokens`; a difference in one id fails the script.
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from fastokens import Tokenizer as FastTokenizer
from fastwarc.warc import ArchiveIterator, WarcRecordType
from resiliparse.extract.html2text import extract_plain_text
from resiliparse.parse.encoding import bytes_to_str, detect_encoding, map_encoding_to_html5
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, processors, trainers

VOCABULARY = 8_192
END_OF_TEXT = "<|endoftext|>"
PATTERN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
"""The split of cl100k-style tokenizers: words with their leading space, numbers in groups of at most three digits."""


def page_texts(path: Path) -> Iterator[tuple[str, str]]:
    """Yield address and main text of the HTML responses of a file, up to where the file breaks.

    Bodies that HTTP encoded once more (chunked, gzip) are left out: a few pages, and decoding them needs more care.
    """
    with path.open("rb") as stream:
        records = iter(ArchiveIterator(stream, record_types=WarcRecordType.response, parse_http=True))
        while True:
            try:
                record = next(records)
                body = record.reader.read()
            except (StopIteration, OSError):
                return
            encoded = any(name in (record.http_headers or ()) for name in ("Content-Encoding", "Transfer-Encoding"))
            if encoded or not (record.http_content_type or "text/html").startswith("text/html"):
                continue
            named = map_encoding_to_html5(record.http_charset or "", fallback_utf8=False)
            html = bytes_to_str(body, named or detect_encoding(body) or "utf-8")
            if text := extract_plain_text(html, main_content=True):
                yield record.headers.get("WARC-Target-URI") or "", text


def sample_texts(sample: Path) -> list[str]:
    """Return the texts of the sample in file order."""
    return [text for path in sorted(sample.glob("sample-*.warc.gz")) for _, text in page_texts(path)]


def train(texts: list[str]) -> Tokenizer:
    """Return a tokenizer trained on the texts."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(PATTERN), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=[END_OF_TEXT],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def compare(path: Path, texts: list[str]) -> int:
    """Return the number of ids of the texts.

    Raises:
        SystemExit: if `fastokens` gives other ids than `tokenizers`, or decoding does not give a text back.
    """
    tokenizer = Tokenizer.from_file(str(path))
    encodings = tokenizer.encode_batch(texts, add_special_tokens=False)
    ids, offsets = FastTokenizer.from_file(str(path)).encode_batch_flat(texts)
    fast, starts = np.frombuffer(ids, np.uint32), np.frombuffer(offsets, np.uint64)
    for number, (text, encoding) in enumerate(zip(texts, encodings, strict=True)):
        if encoding.ids != fast[starts[number] : starts[number + 1]].tolist():
            raise SystemExit(f"text {number}: fastokens and tokenizers give different ids")
        if tokenizer.decode(encoding.ids, skip_special_tokens=False) != text:
            raise SystemExit(f"text {number}: its ids decode to another text")
    return len(fast)


def main() -> None:
    """Train, save, and compare the ids of both encoders on every text."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sample", type=Path, required=True, help="folder of sample-*.warc.gz")
    parser.add_argument("--output", type=Path, required=True, help="the tokenizer.json to write")
    options = parser.parse_args()
    texts = sample_texts(options.sample)
    train(texts).save(str(options.output))
    tokens = compare(options.output, texts)
    size = sum(len(text.encode()) for text in texts)
    sys.stdout.write(f"{len(texts):,} texts, {size:,} bytes, {tokens:,} tokens, the same with both encoders\n")


if __name__ == "__main__":
    main()
