"""The bill of materials: by the schema of CycloneDX, whole, and made without a network."""

import json
import re
import socket
import sys
import tomllib
from importlib.metadata import PackageNotFoundError

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from host_tools.records import sbom
from host_tools.unitkit.places import BOARDS_DIR, ROOT

PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


@pytest.fixture
def text(tmp_path, monkeypatch, capsys) -> str:
    def nothing(*_: object, **__: object) -> None:
        raise OSError("no network here")

    monkeypatch.setattr(socket, "socket", nothing)
    assert sbom.main([str(tmp_path / "out/sbom.json")]) == 0
    assert "CycloneDX" in capsys.readouterr().out
    return (tmp_path / "out/sbom.json").read_text(encoding="utf-8")


def test_it_keeps_to_the_schema(text: str):
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text.replace('"CycloneDX"', '"Cyclone"'))


def test_equal_input_gives_equal_bytes(text: str, tmp_path):
    assert sbom.main([str(tmp_path / "again.json")]) == 0
    assert (tmp_path / "again.json").read_text(encoding="utf-8") == text


def test_all_that_is_pinned_is_in_it_with_what_it_needs_in_turn(text: str):
    bill = json.loads(text)
    versions = {component["name"]: component["version"] for component in bill["components"]}
    for pin in PYPROJECT["project"]["dependencies"]:
        name, version = pin.split("==")
        assert versions[re.sub(r"[-_.]+", "-", name).lower()] == version
    assert "reedsolo" in versions  # esptool needs it
    assert "pytest" not in versions and "hypothesis" not in versions
    needs = {entry["ref"]: entry.get("dependsOn", []) for entry in bill["dependencies"]}
    reached, waiting = set(), [bill["metadata"]["component"]["bom-ref"]]
    while waiting:
        ref = waiting.pop()
        if ref not in reached:
            reached.add(ref)
            waiting += needs[ref]
    everything = [*bill["components"], bill["metadata"]["component"]]
    assert reached == set(needs) == {component["bom-ref"] for component in everything}


def test_what_boards_run_is_known_by_its_digest(text: str):
    hashes = {h["content"]: c["name"] for c in json.loads(text)["components"] for h in c.get("hashes", [])}
    for name, pin in PYPROJECT["tool"]["qingxi"]["upackages"].items():
        assert hashes[pin["sha256"]] == name
    for image in tomllib.loads((BOARDS_DIR / "micropython/images.toml").read_text(encoding="utf-8"))["image"]:
        assert image["file"].startswith(hashes[image["sha256"]])


def test_every_component_has_a_licence_or_says_that_its_package_tells_none(text: str):
    components = json.loads(text)["components"]
    assert all(component["licenses"] for component in components)
    licences = {c["name"]: c["licenses"][0] for c in components}
    assert licences["esptool"] == {"license": {"id": "GPL-2.0-or-later"}}
    assert licences["rich-click"] == {"license": {"name": "not told by the package"}}


def test_a_package_that_is_missing_is_named(tmp_path, monkeypatch, capsys):
    def missing(name: str) -> None:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(sys.modules["host_tools.records.sbom"], "distribution", missing)
    assert sbom.main([str(tmp_path / "sbom.json")]) == 3
    assert "is not installed: run pip install -e" in capsys.readouterr().err
    assert not (tmp_path / "sbom.json").exists()
