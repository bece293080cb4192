"""MediaWiki and DokuWiki from Debian's packages, run from folders with Debian's PHP, which is not installed either."""

import os
import shutil
import socket
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from pages import markup
from pages.documents import Made, Text
from pages.packages import unpacked

PHP = [
    "php8.2-cli",
    "php8.2-common",
    "php8.2-xml",
    "php8.2-mbstring",
    "php8.2-intl",
    "php8.2-sqlite3",
    "php8.2-opcache",
    "php8.2-readline",
    "libsodium23",
    "libargon2-1",
    "libxml2",
    "libicu72",
    "libonig5",
    "libpcre2-8-0",
    "libedit2",
    "libxslt1.1",
]
EXTENSIONS = [
    "dom",
    "ctype",
    "fileinfo",
    "iconv",
    "mbstring",
    "intl",
    "pdo",
    "pdo_sqlite",
    "sqlite3",
    "xml",
    "xmlreader",
    "xmlwriter",
    "simplexml",
    "tokenizer",
    "posix",
    "calendar",
]
LIBRARIES = ("php-phpseclib", "libphp-simplepie", "php-random-compat")
SKINS = ("vector", "vector-2022", "monobook", "timeless", "minerva")
LOCALES = {"zh": "zh-hans", "sr": "sr-ec", "no": "nb"}
"""What MediaWiki calls a language."""


class Php:
    """Debian's PHP, unpacked."""

    def __init__(self, cache: Path) -> None:
        """Fetch it and write its settings."""
        folders = [package.folder.resolve() for package in unpacked(PHP, cache).values()]
        roots = [folder / "usr/lib/x86_64-linux-gnu" for folder in folders]
        self.environment = {**os.environ, "LD_LIBRARY_PATH": os.pathsep.join(map(str, roots))}
        modules = cache.resolve() / "php-modules"
        modules.mkdir(exist_ok=True)
        for folder in folders:
            for module in folder.glob("usr/lib/php/2*/*.so"):
                shutil.copyfile(module, modules / module.name)
        settings = cache / "php.ini"
        sessions = cache.resolve() / "php-sessions"
        sessions.mkdir(exist_ok=True)
        lines = [
            f"extension_dir={modules}",
            f"session.save_path={sessions}",
            "memory_limit=1G",
            "display_errors=0",
            *(f"extension={name}" for name in EXTENSIONS),
        ]
        settings.write_text("\n".join(lines) + "\n", "utf-8")
        self.command = [str(folders[0] / "usr/bin/php8.2"), "-n", "-c", str(settings.resolve())]

    def run(self, arguments: Sequence[str], folder: Path) -> None:
        """Run a script. RuntimeError with the end of its output where it fails."""
        made = subprocess.run(
            [*self.command, *arguments], cwd=folder, env=self.environment, capture_output=True, text=True
        )
        if made.returncode:
            raise RuntimeError(f"php {arguments[0]}: {(made.stdout + made.stderr)[-800:]}")

    @contextmanager
    def serving(self, folder: Path, port: int) -> Iterator[str]:
        """Serve a folder on this machine alone and yield its address."""
        address = f"127.0.0.1:{port}"
        server = subprocess.Popen(
            [*self.command, "-S", address], cwd=folder, env=self.environment, stderr=subprocess.DEVNULL
        )
        try:
            for _ in range(100):
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.05)
            yield f"http://{address}"
        finally:
            server.kill()
            server.wait()


def fetched(address: str) -> bytes:
    """Return a page of a local server."""
    with urllib.request.urlopen(address, timeout=120) as answer:
        return answer.read()


def mediawiki_pages(texts: Sequence[Text], cache: Path, port: int = 18_091) -> Iterator[Made]:
    """Yield texts as pages of a wiki, each in its own language and in a skin by turns."""
    php = Php(cache)
    packages = unpacked(["mediawiki", "mediawiki-classes"], cache)
    place = (cache / "mediawiki").resolve()
    shutil.rmtree(place, ignore_errors=True)
    for package in packages.values():
        shutil.copytree(package.folder / "usr/share/mediawiki", place, symlinks=True, dirs_exist_ok=True)
    for name in ("LocalSettings.php", "config", "extensions", "images"):  # links to where a server's own would be
        (place / name).unlink()
    for name in ("images", "extensions", "data", "texts"):
        (place / name).mkdir()
    server = f"http://127.0.0.1:{port}"
    options = ["--dbtype", "sqlite", "--dbpath", str(place / "data"), "--scriptpath", "", "--server", server]
    php.run(["maintenance/install.php", *options, "--pass", "not a secret 1", "Guides", "admin"], place)
    with (place / "LocalSettings.php").open("a") as settings:
        skins = ("MinervaNeue", "MonoBook", "Timeless", "Vector")
        settings.write(
            "".join(f"wfLoadSkin('{name}');\n" for name in skins)
            + "$wgPageLanguageUseDB = true;\n$wgRestrictDisplayTitle = false;\n"
        )
    for text in texts:
        (place / "texts" / _title(text)).with_suffix(".txt").write_text(
            markup.mediawiki(text) + f"\n{{{{DISPLAYTITLE:{text.title}}}}}\n[[Category:{text.project}]]\n", "utf-8"
        )
    files = [str(path) for path in sorted((place / "texts").iterdir())]
    php.run(["maintenance/importTextFiles.php", "-s", "guide", *files], place)
    with php.serving(place, port) as address:
        for number, text in enumerate(texts):
            skin = SKINS[number % len(SKINS)]
            language = LOCALES.get(text.language, text.language)
            query = {"title": _title(text), "useskin": skin, "uselang": language}
            yield made(text, f"mediawiki-{skin}", fetched(f"{address}/index.php?{urllib.parse.urlencode(query)}"))


def dokuwiki_pages(texts: Sequence[Text], cache: Path, port: int = 18_092) -> Iterator[Made]:
    """Yield texts as pages of a DokuWiki whose language is theirs."""
    php = Php(cache)
    package = unpacked(["dokuwiki"], cache)["dokuwiki"].folder
    place = (cache / "dokuwiki").resolve()
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(package / "usr/share/dokuwiki", place, symlinks=True)
    for name in ("plugins", "tpl"):
        (place / "lib" / name).unlink()
        shutil.copytree(package / "var/lib/dokuwiki/lib" / name, place / "lib" / name)
    shutil.copytree(package / "etc/dokuwiki", place / "conf", symlinks=True)
    shared = place / "php"
    for library in unpacked(LIBRARIES, cache).values():
        shutil.copytree(library.folder / "usr/share/php", shared, symlinks=True, dirs_exist_ok=True)
    for script in [*place.glob("vendor/composer/*.php"), *place.glob("inc/*.php")]:
        code = script.read_text("utf-8")
        if "/usr/share/php" in code:
            script.write_text(code.replace("/usr/share/php", str(shared)), "utf-8")
    shutil.copytree(package / "var/lib/dokuwiki/data", place / "data")
    (place / "inc/preload.php").unlink(missing_ok=True)
    for name in ("acl.auth.php", "users.auth.php"):
        (place / "conf" / name).unlink(missing_ok=True)
    (place / "conf/acl.auth.php").write_text("*  @ALL  1\n")
    start = "<?php\ndefine('DOKU_CONF', __DIR__.'/../conf/');\n"
    (place / "inc/preload.php").write_text(start)
    with php.serving(place, port) as address:
        for text in texts:
            name = _title(text).lower()
            (place / "data/pages" / f"{name}.txt").write_text(markup.dokuwiki(text), "utf-8")
            settings = {"title": "Guides", "lang": text.language, "savedir": str(place / "data"), "useacl": 0}
            lines = "".join(f"$conf['{key}'] = '{value}';\n" for key, value in settings.items())
            (place / "conf/local.php").write_text("<?php\n" + lines)
            page = fetched(f"{address}/doku.php?id={urllib.parse.quote(name)}")
            yield made(text, "dokuwiki", page)


def _title(text: Text) -> str:
    return "Guide_" + "".join(c if c.isascii() and c.isalnum() else "_" for c in f"{text.project}_{text.name}")


def made(text: Text, theme: str, html: bytes) -> Made:
    """Return the page that a tool made of a text."""
    return Made(
        f"{theme}/{text.language}/{text.project}/{text.name}",
        text.language,
        text.project,
        theme,
        html,
        text.truth(),
        text.title,
        text.package,
        text.license,
    )
