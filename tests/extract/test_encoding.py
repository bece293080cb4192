"""Which encoding a page is in: claims and what they are worth, the standard's prescan, and what is counted as damage."""

from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings, strategies as st

from atom_data.extract import Extract, Trafilatura
from atom_data.extract.encoding import decoded
from atom_data.extract.prescan import declared
from atom_data.readers import Warc, Wet
from atom_data.rules import keep
from atom_data.stage import Stage
from atom_data.workspace import Workspace
from tests.readers.archives import members, outcome, record, write

RUSSIAN = "<p>В старом порту у моря стоял невысокий кирпичный дом, в котором хранились книги о рыбаках.</p>" * 3
JAPANESE = "<p>昔々あるところに、おじいさんとおばあさんが住んでいました。おじいさんは山へ柴刈りに行きました。</p>" * 3
CHINESE = "<p>从前有一个渔夫，他住在海边的小屋里，每天出海打鱼，晚上在灯下给孩子们讲故事。</p>" * 3
KOREAN = "<p>옛날 옛적에 바닷가 작은 집에 어부가 살고 있었습니다. 그는 매일 바다에 나가 고기를 잡았습니다.</p>" * 3
GERMAN = "<p>Der Käufer prüft die Größe der Häuser – „schön“ sei es, kostet 5 €.</p>" * 3


@pytest.mark.parametrize(
    "text, codec, charset, meta, encoding",
    [
        (GERMAN, "utf-8", "iso-8859-1", "", "utf-8"),
        (GERMAN, "utf-8", None, "windows-1252", "utf-8"),
        (JAPANESE, "utf-8", "shift_jis", "", "utf-8"),
        ("<p>你好世界海边渔夫</p>", "utf-8", "gbk", "", "utf-8"),
        (RUSSIAN, "cp1251", "utf-8", "windows-1251", "windows-1251"),
        (RUSSIAN, "cp1251", "utf-8", "utf-8", "windows-1251"),
        (RUSSIAN, "cp1251", "nonsense", "koi8-rr", "windows-1251"),
        (RUSSIAN, "cp1251", None, "win-1251", "windows-1251"),
        (JAPANESE, "cp932", "utf-8", "Shift_JIS", "shift_jis"),
        (JAPANESE, "cp932", "iso-8859-1", "", "shift_jis"),
        (KOREAN, "cp949", None, "", "euc-kr"),
        (CHINESE, "gb18030", "utf-8", "gb2312", "gbk"),
        (GERMAN, "cp1252", "utf-8", "utf-8", "windows-1252"),
        (GERMAN, "utf-16-le", None, "", "utf-16le"),
        (RUSSIAN, "utf-16-be", None, "", "utf-16be"),
        (RUSSIAN, "utf-16-be", "utf-16", "", "utf-16be"),
        (RUSSIAN, "utf-16", "utf-8", "", "utf-16le"),
        (GERMAN, "utf-32", None, "", "utf-32le"),
        (JAPANESE, "iso2022_jp", None, "", "iso-2022-jp"),
        (JAPANESE, "iso2022_jp", "utf-8", "iso-2022-jp", "iso-2022-jp"),
        (GERMAN, "utf-8-sig", "windows-1252", "", "utf-8"),
        (GERMAN, "utf-8", None, "utf-16", "utf-8"),
        ("<p>plain", "ascii", "utf-16", "", "utf-8"),
        ("<p>plain", "ascii", "hz-gb-2312", "", "utf-8"),
        (GERMAN, "cp1252", None, "x-user-defined", "windows-1252"),
    ],
)
def test_claims_give_way_to_what_the_bytes_say(
    text: str, codec: str, charset: str | None, meta: str, encoding: str
) -> None:
    page = (f'<meta charset="{meta}">' if meta else "") + text
    found = decoded(page.encode(codec), charset)
    assert (found.text, found.encoding, found.replaced) == (page, encoding, 0)


def test_script_before_a_declaration_is_wherever_the_bytes_are_right() -> None:
    page = "<script>var s='<meta charset=\"utf-8\">';</script><meta charset=windows-1251>" + RUSSIAN
    assert decoded(page.encode("cp1251"), None).text == page
    late = f"<style>{'a{b:c}' * 2_000}</style><meta charset=ibm866>" + RUSSIAN
    assert decoded(late.encode("cp866"), None).text == late


@pytest.mark.parametrize(
    "data, charset, text, encoding, replaced",
    [
        (GERMAN.encode() + b"\xff", "iso-8859-1", GERMAN + "\ufffd", "utf-8", 1),
        (GERMAN.encode() + b"\xe2\x82", None, GERMAN + "\ufffd", "utf-8", 1),
        ("\ufffd".encode() + b"caf\xc3\xa9", "utf-8", "\ufffdcafé", "utf-8", 0),
        ("\ufffd".encode() + GERMAN.encode() + b"\xff", "utf-8", "\ufffd" + GERMAN + "\ufffd", "utf-8", 1),
        (JAPANESE.encode("cp932") + b"\x82<", "shift_jis", JAPANESE + "\ufffd<", "shift_jis", 1),
        (KOREAN.encode("cp949") + b"\xff", "euc-kr", KOREAN + "\ufffd", "euc-kr", 1),
        (b"~{<:Ky2;VpCy!#~}", "hz-gb-2312", "\ufffd", "replacement", 1),
        (b"\xff\xfe\x00\xd8a\x00", None, "\ufffda", "utf-16le", 1),
        (
            b"<p>einfach sch\xc3\xb6n, Kouga\xef, Kouga\xef",
            "utf-8",
            "<p>einfach schön, Kouga\ufffd, Kouga\ufffd",
            "utf-8",
            2,
        ),
        (b"<p>Net Caf\xe9 Forum", "utf-8", "<p>Net Café Forum", "windows-1252", 0),
        (b"a\x1b[1mb", None, "a\x1b[1mb", "utf-8", 0),
        (b"a\0b", "utf-16", "a\0b", "utf-8", 0),
        (b"", None, "", "utf-8", 0),
    ],
)
def test_damage_is_counted_and_only_damage(
    data: bytes, charset: str | None, text: str, encoding: str, replaced: int
) -> None:
    assert decoded(data, charset) == (text, encoding, replaced)


@pytest.mark.parametrize(
    "page, names",
    [
        ("<meta charset=windows-1251>", ["windows-1251"]),
        ("<META/CharSet = 'Windows-1251' >", ["windows-1251"]),
        ('<meta http-equiv="Content-Type" content="text/html; charset=koi8-r">', ["koi8-r"]),
        ("<meta content='text/html; charset=koi8-r' http-equiv=content-type>", ["koi8-r"]),
        ("<meta content='text/html; charset=koi8-r'>", []),
        ("<meta name=description content='how to set charset=koi8-r'>", []),
        ('<meta name=x data-charset="koi8-r"><meta charset=utf-8>', ["utf-8"]),
        ("<!-- <meta charset=koi8-r> --><meta charset=utf-8>", ["utf-8"]),
        ("<!--><meta charset=koi8-r>", ["koi8-r"]),
        ("<!-- <meta charset=koi8-r>", []),
        ("<a title='<meta charset=koi8-r>'><meta charset=big5>", ["big5"]),
        ('<a title="<meta charset=koi8-r>', []),
        ("</x <meta charset=koi8-r>><meta charset=big5>", ["big5"]),
        ("<? <meta charset=koi8-r><meta charset=big5>", ["big5"]),
        ("<meta charset=utf-16be>", ["utf-8"]),
        ("<meta charset=x-user-defined>", ["windows-1252"]),
        ("<meta charset=koi8-r charset=big5>", ["koi8-r"]),
        ("<meta charset='utf-8;'><meta charset=utf8mb4>", ["utf-8"]),
        ("<meta charset=nonsense><meta charset=big5>", ["big5"]),
        ("<metas charset=koi8-r>", []),
        ("<meta http-equiv=content-type content='charset charset = \"koi8-r\"'>", ["koi8-r"]),
        ("<?xml version='1.0' encoding='windows-1250'?><meta charset=big5>", ["big5", "windows-1250"]),
        ("<?xml version='1.0' encoding=\"utf-16\"?>", ["utf-8"]),
        (" <?xml version='1.0' encoding='windows-1250'?>", []),
        ("".join(f"<meta charset=iso-8859-{n}>" for n in range(2, 10)), [f"iso-8859-{n}" for n in range(2, 6)]),
    ],
)
def test_prescan_is_the_standards(page: str, names: list[str]) -> None:
    assert declared(page.encode()) == names


@pytest.mark.parametrize(
    "piece",
    [
        b"<!--",
        b"<meta ",
        b'<meta a="',
        b"<a ",
        b"< ",
        b"<meta charset=x>",
        b" " * 64,
        b"<meta content='charset=",
        b"<?",
        b"=\"'",
    ],
)
def test_prescan_of_pages_built_to_do_harm_ends(piece: bytes) -> None:
    assert declared(b"<meta " + piece * 20_000) == []


@settings(deadline=None)
@given(st.binary(max_size=300), st.one_of(st.none(), st.text(max_size=12), st.sampled_from(["gbk", "utf-16", "big5"])))
def test_any_bytes_give_text(data: bytes, charset: str | None) -> None:
    found = decoded(data, charset)
    assert found.text.encode().decode() == found.text  # no lone surrogate, which UTF-8 cannot hold
    assert 0 <= found.replaced <= found.text.count("\ufffd")


@settings(deadline=None)
@given(st.lists(st.sampled_from([b"<", b"meta", b" ", b"charset", b"=", b"'", b'"', b"big5", b">", b"!--", b"/"])))
def test_prescan_of_any_pieces_ends(pieces: list[bytes]) -> None:
    assert declared(b"".join(pieces)) in ([], ["big5"])


def page_of(data: bytes, step: Extract) -> dict[str, object]:
    batch = pa.record_batch({"html": pa.array([data], pa.binary()), "charset": ["utf-8"], "mime": ["text/html"]})
    row: dict[str, object] = step(batch).to_pylist()[0]
    return row


def test_html_says_charset_where_the_text_is_not_whole() -> None:
    rows = [
        page_of(data, Extract())
        for data in (
            GERMAN.encode() + b"<p>A stray byte\xff in a sentence.</p>",
            b"<script>'\xff'</script>" + GERMAN.encode(),
            b"<p>&#xFFFD;\xef\xbf\xbd",
            b"<title>\xc3\xa4\xc3\xa4\xc3\xa4\xff</title>",
        )
    ]
    found = [(row["extract_status"], row["replaced_characters"], row["text"] is None) for row in rows]
    assert found == [("charset", 1, False), ("ok", 0, False), ("ok", 0, False), ("charset", 1, True)]


def test_trafilatura_says_charset_too() -> None:
    pytest.importorskip("trafilatura")
    body = (
        b"<html><body><article><p>"
        + "Größe von Häusern prüft man so. ".encode() * 20
        + b"\xff</p></article></body></html>"
    )
    row = page_of(body, Extract(engine=Trafilatura()))
    assert (row["extract_status"], row["replaced_characters"]) == ("charset", 1)


def test_receipts_carry_the_share_of_damage(tmp_path: Path) -> None:
    pages = (GERMAN.encode("cp1252"), b"<p>w\xc3\xb6rter und w\xc3\xb6rter\xff!</p>", b"")
    blocks = [record(n, b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + page) for n, page in enumerate(pages)]
    path = write(tmp_path, "a.warc.gz", members(*blocks))
    stage = Stage(name="text", reads=Warc(path, source="web"), steps=(Extract(), keep("web_page")))
    out = str(tmp_path / "out")
    work = stage.work(stage.tasks(Workspace(out))[0], Workspace(out, "t"), lambda *_: None)
    characters = len("w\u00f6rter und w\u00f6rter\ufffd!")
    characters += len("Der Käufer prüft die Größe der Häuser – „schön“ sei es, kostet 5 €.")  # once of three times
    assert work.notes["damage"] == {
        "documents": 2,
        "damaged_documents": 1,
        "characters": characters,
        "replaced_characters": 1,
    }
    assert work.dropped == {"web_page.extraction": 1}


def test_wet_counts_what_it_replaces(tmp_path: Path) -> None:
    body = b"caf\xe9 \xef\xbf\xbd"
    path = write(tmp_path, "a.wet", record(1, body, kind="conversion"))
    result = outcome(Wet(path))
    assert [row["text"] for row in result.rows] == ["caf\ufffd \ufffd"]
    assert result.damage == {"documents": 1, "damaged_documents": 1, "characters": 6, "replaced_characters": 1}
