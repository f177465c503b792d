"""Each wheel stands alone: what it holds, what it needs, and that it can be made again byte for byte."""

import json
import os
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]
UV = ROOT / ".tools" / "bin" / "uv"
PARTS = {
    "vega-cli": ["cli"],
    "vega-core": ["core", "errors", "patterns", "settings", "discovery"],
    "vega-data": ["data"],
    "vega-di": ["di"],
    "vega-events": ["events"],
    "vega-graphql": ["graphql"],
    "vega-jobs": ["jobs"],
    "vega-testing": ["testing"],
    "vega-web": ["web"],
}
WHERE = "print(json.dumps({{part: import_module('vega.' + part).__file__ for part in {parts}}}))"
OURS = ["vega-core", "vega-di", "vega-events"]
needs_uv = pytest.mark.skipif(not UV.is_file(), reason="uv is not there: environments would take too long")


def wheel_of(wheels: Path, package: str) -> Path:
    (found,) = wheels.glob(f"{package.replace('-', '_')}-*.whl")
    return found


def requirements(wheel: Path) -> list[Requirement]:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        metadata = Parser().parsestr(archive.read(name).decode())
    return [Requirement(text) for text in metadata.get_all("Requires-Dist") or []]


def environment(folder: Path, wheels: Path, *wanted: str) -> Path:
    """Make an environment with these requirements and return its Python."""
    subprocess.run([UV, "venv", "-q", "--python", sys.executable, folder], check=True, timeout=120)
    fresh = [f"--refresh-package={package}" for package in PARTS]  # else uv may take others of the same version
    install = [UV, "pip", "install", "-q", "--python", folder, *fresh, "--find-links", wheels, *wanted]
    subprocess.run([str(word) for word in install], check=True, timeout=300)
    return folder / "bin" / "python"


def installed(python: Path) -> set[str]:
    done = subprocess.run(
        [UV, "pip", "list", "--python", python, "--format", "freeze"], capture_output=True, text=True, check=True
    )
    return {line.partition("==")[0] for line in done.stdout.splitlines()}


def run(python: Path, program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [python, "-W", "error", "-c", program], capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize("package", PARTS)
def test_a_wheel_holds_its_parts_and_nothing_else(wheels: Path, package: str) -> None:
    with zipfile.ZipFile(wheel_of(wheels, package)) as archive:
        names = archive.namelist()

    own = [name for name in names if not name.split("/")[0].endswith(".dist-info")]
    allowed = tuple(f"vega/{part}/" for part in PARTS[package])
    strangers = [name for name in own if not name.startswith(allowed)]
    assert strangers == (["_vega_cli.py"] if package == "vega-cli" else [])
    assert all(f"vega/{part}/py.typed" in names for part in PARTS[package])
    assert "vega/__init__.py" not in names
    assert not [name for name in names if name.endswith(".pyc")]


def test_the_meta_wheel_holds_no_module(wheels: Path) -> None:
    with zipfile.ZipFile(wheel_of(wheels, "vega")) as archive:
        assert [name for name in archive.namelist() if ".dist-info/" not in name] == []


@pytest.mark.parametrize("package", [*PARTS, "vega"])
def test_a_wheel_asks_for_what_its_project_declares_and_nothing_else(wheels: Path, package: str) -> None:
    project = tomllib.loads((ROOT / "packages" / package / "pyproject.toml").read_text())["project"]
    declared = [Requirement(text) for text in project["dependencies"]]
    for extra, texts in project.get("optional-dependencies", {}).items():
        declared += [Requirement(f"{text}; extra == '{extra}'") for text in texts]

    def told(requirement: Requirement) -> tuple[str, str, str, str]:
        extras = ",".join(sorted(requirement.extras))
        return requirement.name.replace("_", "-"), extras, str(requirement.specifier), str(requirement.marker)

    assert sorted(map(told, requirements(wheel_of(wheels, package)))) == sorted(map(told, declared))


@needs_uv
@pytest.mark.parametrize(
    ("wanted", "expected"),
    [(["vega-di"], {"vega-di"}), (["vega-di", "vega-events"], {"vega-di", "vega-events"})],
    ids=["di", "di+events"],
)
def test_the_lowest_floor_is_alone(wheels: Path, tmp_path: Path, wanted: list[str], expected: set[str]) -> None:
    python = environment(tmp_path / "env", wheels, *wanted)

    assert installed(python) == expected


@needs_uv
@pytest.mark.parametrize("package", PARTS)
def test_a_package_alone_imports_and_the_other_parts_are_absent(wheels: Path, tmp_path: Path, package: str) -> None:
    python = environment(tmp_path / "env", wheels, str(wheel_of(wheels, package)))
    there = {part for name in installed(python) & set(PARTS) for part in PARTS[name]}

    for part in sorted(there):
        done = run(python, f"import vega.{part}; [getattr(vega.{part}, n) for n in vega.{part}.__all__ if n != 'app']")
        optional = "ModuleNotFoundError" in done.stderr and package == "vega-testing"
        assert done.returncode == 0 or optional, f"{part}: {done.stderr}"
    for part in sorted({part for parts in PARTS.values() for part in parts} - there):
        assert "ModuleNotFoundError" in run(python, f"import vega.{part}").stderr, part


@needs_uv
@pytest.mark.parametrize(
    ("extra", "more"),
    [
        ("", set()),
        ("[di]", set()),
        ("[events]", set()),
        ("[data]", {"vega-data"}),
        ("[web]", {"vega-web"}),
        ("[graphql]", {"vega-graphql"}),
        ("[jobs]", {"vega-jobs"}),
        ("[testing]", {"vega-testing"}),
        ("[all]", {"vega-data", "vega-web", "vega-graphql", "vega-jobs", "vega-testing"}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_extra_of_the_meta_package_brings_its_part(
    wheels: Path, tmp_path: Path, extra: str, more: set[str]
) -> None:
    python = environment(tmp_path / "env", wheels, f"{wheel_of(wheels, 'vega')}{extra}")

    ours = {name for name in installed(python) if name.startswith("vega")}
    done = subprocess.run(
        [python.parent / "vega", "--version"], capture_output=True, text=True, timeout=60, check=False
    )
    assert ours == {"vega", "vega-cli", *OURS, *more}
    assert (done.returncode, done.stdout) == (0, "vega 0.1.0\n")


@needs_uv
@pytest.mark.parametrize("package", PARTS)
def test_an_editable_shares_the_namespace_with_the_wheel_of_every_other(
    wheels: Path, tmp_path: Path, package: str
) -> None:
    python = environment(tmp_path / "env", wheels, "vega-testing[data,graphql,jobs,web]", "vega-cli")
    install = [UV, "pip", "install", "-q", "--python", python, "--no-deps", "-e", ROOT / "packages" / package]
    subprocess.run([str(word) for word in install], check=True, timeout=120)
    parts = {part: owner for owner, owned in PARTS.items() for part in owned}

    done = run(python, f"import json\nfrom importlib import import_module\n{WHERE.format(parts=[*parts])}")

    assert done.returncode == 0, done.stderr
    for part, file in json.loads(done.stdout).items():
        home = ROOT / "packages" / package if parts[part] == package else tmp_path / "env"
        assert Path(file).is_relative_to(home), part


@needs_uv
@pytest.mark.parametrize("package", [*PARTS, "vega"])
def test_a_wheel_can_be_made_again_byte_for_byte_and_from_its_sdist(tmp_path: Path, package: str) -> None:
    def build(source: Path, target: Path, kind: str) -> Path:
        command = [UV.with_name("hatchling"), "build", "-t", kind, "-d", target]
        settings = {**os.environ, "SOURCE_DATE_EPOCH": "1780000000"}
        subprocess.run(command, check=True, timeout=120, env=settings, cwd=source, stdout=subprocess.DEVNULL)
        (made,) = target.iterdir()
        return made

    tree = ROOT / "packages" / package
    sdists = [build(tree, tmp_path / f"sdist {number}", "sdist") for number in (1, 2)]
    with tarfile.open(sdists[0]) as archive:
        archive.extractall(tmp_path / "unpacked", filter="data")
    (unpacked,) = (tmp_path / "unpacked").iterdir()
    sources = enumerate([tree, tree, unpacked])
    made = [build(source, tmp_path / f"wheel {number}", "wheel") for number, source in sources]

    assert sdists[0].read_bytes() == sdists[1].read_bytes()
    assert made[0].read_bytes() == made[1].read_bytes() == made[2].read_bytes()
