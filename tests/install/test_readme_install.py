"""The lines of the README install this project, also beside an index that has another one of the same name."""

import base64
import hashlib
import os
import re
import shlex
import subprocess
import sys
import tomllib
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
UV = ROOT / ".tools" / "bin" / "uv"
META = tomllib.loads((ROOT / "packages/vega/pyproject.toml").read_text())
VERSION: str = META["project"]["version"]
INDEX_NAME: str = META["tool"]["vega-index"]["name"]
READMES = [ROOT / "README.md", *sorted(ROOT.glob("packages/*/README.md"))]
needs_uv = pytest.mark.skipif(not UV.is_file(), reason="uv is not there: environments would take too long")


@pytest.fixture
def index(tmp_path: Path) -> Path:
    """A folder with a wheel of the foreign `vega`, which ships `vega/__init__.py`, as a package index has it."""
    folder = tmp_path / "index"
    folder.mkdir()
    files = {
        "vega/__init__.py": b"WIDGET = True\n",
        "vega-4.1.0.dist-info/METADATA": b"Metadata-Version: 2.1\nName: vega\nVersion: 4.1.0\n",
        "vega-4.1.0.dist-info/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    digests = {path: base64.urlsafe_b64encode(hashlib.sha256(data).digest()) for path, data in files.items()}
    rows = [f"{path},sha256={digests[path].decode().rstrip('=')},{len(data)}\n" for path, data in files.items()]
    with zipfile.ZipFile(folder / "vega-4.1.0-py3-none-any.whl", "w") as wheel:
        for path, data in files.items():
            wheel.writestr(path, data)
        wheel.writestr("vega-4.1.0.dist-info/RECORD", "".join(rows) + "vega-4.1.0.dist-info/RECORD,,\n")
    return folder


class Clone:
    """A clone after `make build`, and an environment beside it; pip's commands are run by uv, which is faster."""

    def __init__(self, folder: Path, wheels: Path, index: Path) -> None:
        self.folder, self.index = folder / "clone", index
        self.folder.mkdir()
        (self.folder / "dist").symlink_to(wheels)
        self.environment = folder / "vega-env"
        subprocess.run([str(UV), "venv", "-q", "--python", sys.executable, self.environment], check=True, timeout=120)
        self.fresh = [f"--refresh-package={wheel.name.split('-')[0]}" for wheel in wheels.glob("*.whl")]

    def pip(self, line: str) -> None:
        words = shlex.split(line.partition("#")[0])
        assert words[:2] == ["pip", "install"]
        command = [UV, "pip", "install", "-q", "--python", self.environment, *self.fresh, *words[2:]]
        settings = {**os.environ, "UV_FIND_LINKS": str(self.index)}
        subprocess.run([str(word) for word in command], check=True, timeout=300, cwd=self.folder, env=settings)

    def run(self, *words: str, place: Path | None = None) -> subprocess.CompletedProcess[str]:
        command = [str(self.environment / "bin" / words[0]), *words[1:]]
        where = place or self.folder
        return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, cwd=where)


@pytest.fixture
def clone(tmp_path: Path, wheels: Path, index: Path) -> Clone:
    return Clone(tmp_path, wheels, index)


def lines_of(readme: Path) -> list[str]:
    """Return the lines of console blocks, and the code within sentences, that install something."""
    text = readme.read_text()
    return re.findall(r"^pip install .*$", text, re.MULTILINE) + re.findall(r"`(pip install [^`]+)`", text)


@needs_uv
@pytest.mark.timeout(600)
def test_the_lines_of_the_readme_install_this_project_and_the_other_one_is_reported(clone: Clone) -> None:
    from_clone, from_index = lines_of(ROOT / "README.md")
    clone.pip(from_clone)
    made = clone.run("vega", "init", "shop", "--no-install", "--with", "web")
    imported = clone.run(
        "python", "-c", "from vega.patterns.validators import PhoneRule; print(PhoneRule()('+442070313000'))"
    )
    sound = clone.run("vega", "doctor", "--strict", place=clone.folder / "shop")
    clone.pip("pip install --upgrade vega")  # the line that this project cannot have
    reports = [clone.run("vega", *words, place=clone.folder / "shop") for words in (["doctor"], ["run"])]

    assert "--find-links dist" in from_clone
    assert INDEX_NAME in from_index
    assert (made.returncode, imported.stdout, sound.returncode) == (0, "+442070313000\n", 0)
    for report in reports:
        assert report.returncode == 1
        assert "vega ships vega/__init__.py, which hides the packages of Vega" in report.stderr
        assert "pip uninstall vega" in report.stderr


@needs_uv
@pytest.mark.timeout(600)
def test_the_name_on_the_index_brings_the_same(clone: Clone) -> None:
    (line,) = [line for line in lines_of(ROOT / "README.md") if INDEX_NAME in line]

    clone.pip(line.replace("pip install", "pip install --find-links dist"))  # the index of the test

    assert clone.run("vega", "--version").returncode == 0
    assert clone.run("python", "-c", "import vega.web, vega.jobs, vega.data").returncode == 0


def test_both_names_have_one_content(wheels: Path) -> None:
    def content(name: str) -> tuple[str, list[tuple[str, str]], list[str]]:
        (wheel,) = wheels.glob(f"{name.replace('-', '_')}-{VERSION}-*.whl")
        with zipfile.ZipFile(wheel) as archive:
            (path,) = (path for path in archive.namelist() if path.endswith("METADATA"))
            metadata = Parser().parsestr(archive.read(path).decode())
            modules = [path for path in archive.namelist() if ".dist-info/" not in path]
        return metadata["Name"], [item for item in metadata.items() if item[0] != "Name"], modules

    ours, theirs = content("vega"), content(INDEX_NAME)

    assert (ours[0], theirs[0]) == ("vega", INDEX_NAME)
    assert ours[1:] == theirs[1:]


@pytest.mark.parametrize("readme", READMES, ids=lambda path: path.parent.name)
def test_no_line_installs_the_other_project(readme: Path) -> None:
    lines = lines_of(readme)

    assert lines, "the README says how to install"
    for line in lines:
        requirements = [word for word in shlex.split(line.partition("#")[0])[2:] if re.match(r"vega(\[|=|$|>)", word)]
        assert all("--find-links dist" in line and f"=={VERSION}" in word for word in requirements), line


def test_no_address_of_an_index_is_in_the_tree() -> None:
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    hosts = ("py" + "pi.org", "python" + "hosted.org")
    found = [
        path
        for path in tracked.splitlines()
        if (ROOT / path).is_file() and any(host.encode() in (ROOT / path).read_bytes() for host in hosts)
    ]

    assert found == []
