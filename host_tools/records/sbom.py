"""The bill of materials of what is shipped, in CycloneDX: `python -m host_tools.records.sbom FILE` (make sbom).

In it: the tools' Python packages as they are installed here, with what they need in turn; the MicroPython images that
are known by their digest, the packages for MicroPython, and the firmware. Not what only tests and lint need. It asks
no network. Equal input gives equal bytes: the date is that of the release, the serial number follows from the rest.
"""

import re
import sys
import tomllib
import uuid
from datetime import UTC, datetime, time
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import ExternalReference, ExternalReferenceType, HashAlgorithm, HashType, Property, XsUri
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import DisjunctiveLicense
from cyclonedx.model.license import License as SomeLicense
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL
from packaging.requirements import Requirement

from ..unitkit import fsimage
from ..unitkit.errors import SurroundingsFailed, ToolError, writing
from ..unitkit.places import BOARDS_DIR, ROOT

SPACE = uuid.UUID("6f0b5c6e-7f0d-4d53-9a55-0f6ad0c1f0a7")  # of serial numbers; any number, once and for all
_CLASSIFIER = "License :: OSI Approved :: "
# What packages without an SPDX expression say; "BSD License" may be one of several and stays as it is.
_SPOKEN = {
    "MIT License": "MIT",
    "Apache 2.0": "Apache-2.0",
    "Apache License 2.0": "Apache-2.0",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
}


def bill() -> Bom:
    """The bill. SurroundingsFailed if a package that the product needs is not installed."""
    with open(ROOT / "pyproject.toml", "rb") as f:
        ours = tomllib.load(f)
    project, pins = ours["project"], ours["tool"]["qingxi"]
    bom = Bom()
    bom.metadata.timestamp = datetime.combine(pins["released"], time(), UTC)
    tools = Component(
        name="qingxi", version=project["version"], type=ComponentType.APPLICATION,
        bom_ref=f"qingxi@{project['version']}", description=project["description"],
        licenses=[_license(project["license"])],
    )  # fmt: skip
    bom.metadata.component = tools
    firmware = _firmware(project)
    bom.components.add(firmware)
    images, extras = _images(), _upackages(pins["upackages"])
    bom.components.update(images, extras)
    packages = _packages(bom, [Requirement(text) for text in project["dependencies"]])
    bom.register_dependency(tools, [firmware, *packages, *extras])
    bom.register_dependency(firmware, images)
    names = sorted(f"{c.purl or c.bom_ref.value}" for c in bom.components)
    bom.serial_number = uuid.uuid5(SPACE, "\n".join([project["version"], *names]))
    return bom


def _packages(bom: Bom, wanted: list[Requirement]) -> list[Component]:
    """The components of `wanted`, put into `bom` with all that they need in turn."""
    known: dict[str, Component] = {}

    def take(requirement: Requirement) -> Component | None:
        if requirement.marker is not None and not any(
            requirement.marker.evaluate({"extra": extra}) for extra in ("", *requirement.extras)
        ):
            return None
        name = re.sub(r"[-_.]+", "-", requirement.name).lower()
        if name not in known:
            found = _installed(requirement.name)
            component = known[name] = _component(name, found)
            bom.components.add(component)
            needs = [_with_extras(text, requirement.extras) for text in found.requires or []]
            bom.register_dependency(component, [made for need in needs if (made := take(need))])
        return known[name]

    return [made for requirement in wanted if (made := take(requirement))]


def _with_extras(text: str, extras: set[str]) -> Requirement:
    """What a package needs, if it is wanted with these extras: their markers are judged by `take`."""
    need = Requirement(text)
    if need.marker is not None and any(need.marker.evaluate({"extra": extra}) for extra in extras):
        need.marker = None
    return need


def _installed(name: str) -> Distribution:
    try:
        return distribution(name)
    except PackageNotFoundError:
        raise SurroundingsFailed.of(
            f"没有安装 {name}：先运行 make test 或 pip install -e '.[dev]'",
            f"{name} is not installed: run pip install -e '.[dev]' first",
        ) from None


def _component(name: str, found: Distribution) -> Component:
    return Component(
        name=name, version=found.version, type=ComponentType.LIBRARY, bom_ref=f"{name}@{found.version}",
        purl=PackageURL("pypi", None, name, found.version), licenses=[_license(_said(found))],
        external_references=_home(found),
    )  # fmt: skip


def _said(found: Distribution) -> str:
    """The licence that a package names, as SPDX where that is told."""
    meta = found.metadata
    if "License-Expression" in meta:
        return meta["License-Expression"]
    said = [line.removeprefix(_CLASSIFIER) for line in meta.get_all("Classifier") or [] if line.startswith(_CLASSIFIER)]
    short = meta["License"].strip() if "License" in meta else ""
    if short and "\n" not in short and len(short) < 60:
        return _SPOKEN.get(short, short)
    return ", ".join(_SPOKEN.get(line, line) for line in said)


def _license(said: str) -> SomeLicense:
    return LicenseFactory().make_from_string(said) if said else DisjunctiveLicense(name="not told by the package")


def _home(found: Distribution) -> list[ExternalReference]:
    for line in found.metadata.get_all("Project-URL") or []:
        label, _, url = line.partition(",")
        if label.strip().lower() in ("homepage", "source", "repository", "source code", "home"):
            return [ExternalReference(type=ExternalReferenceType.WEBSITE, url=XsUri(url.strip()))]
    return []


def _firmware(project: dict) -> Component:
    """What boards run: its sources, as `digest` of the tools counts them."""
    texts = {name: text.encode() for name, text in fsimage.sources().items()}
    return Component(
        name="qingxi-firmware", version=project["version"], type=ComponentType.FIRMWARE,
        bom_ref=f"qingxi-firmware@{project['version']}", licenses=[_license(project["license"])],
        properties=[Property(name="qingxi:source_files", value=str(len(texts)))],
    )  # fmt: skip


def _images() -> list[Component]:
    entries = tomllib.loads((BOARDS_DIR / "micropython" / "images.toml").read_text(encoding="utf-8"))["image"]
    return [
        Component(
            name=entry["file"].rpartition("-v")[0].rpartition("-")[0], group="micropython", version=entry["version"],
            type=ComponentType.FIRMWARE, bom_ref=entry["file"], licenses=[_license("MIT")],
            hashes=[HashType(alg=HashAlgorithm.SHA_256, content=entry["sha256"])],
            purl=PackageURL("generic", "micropython", entry["file"], entry["version"]),
            properties=[Property(name="qingxi:chip", value=entry["chip"])],
        )
        for entry in entries
    ]  # fmt: skip


def _upackages(pins: dict[str, dict[str, str]]) -> list[Component]:
    return [
        Component(
            name=name, version=pin["version"], type=ComponentType.LIBRARY, bom_ref=f"{name}@{pin['version']}",
            purl=PackageURL("pypi", None, name, pin["version"]), licenses=[_license(pin["license"])],
            hashes=[HashType(alg=HashAlgorithm.SHA_256, content=pin["sha256"])],
        )
        for name, pin in pins.items()
    ]  # fmt: skip


def main(argv: list[str]) -> int:
    """The command; returns the exit code."""
    if len(argv) != 1:
        print("usage: python -m host_tools.records.sbom FILE", file=sys.stderr)
        return 2
    path = Path(argv[0])
    try:
        made = bill()
        with writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(JsonV1Dot6(made).output_as_string(indent=2) + "\n", encoding="utf-8")
    except ToolError as e:
        print("\n".join(e.problems), file=sys.stderr)
        return e.exit_code
    print(f"{path}: CycloneDX 1.6, {len(made.components)} components")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
