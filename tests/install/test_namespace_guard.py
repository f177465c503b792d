"""The distributions that hide the namespace, as they are on the index: the command starts and names them."""

import subprocess
import sys
from pathlib import Path

import pytest

UV = Path(__file__).resolve().parents[2] / ".tools" / "bin" / "uv"


@pytest.mark.skipif(not UV.is_file(), reason="uv is not there: environments would take too long")
@pytest.mark.parametrize(("intruder", "version"), [("vega", "4.1.0"), ("vega-framework", "0.3.27")])
def test_an_intruder_is_named_with_the_remedy(wheels: Path, tmp_path: Path, intruder: str, version: str) -> None:
    folder = tmp_path / "env"
    subprocess.run([UV, "venv", "-q", "--python", sys.executable, folder], check=True, timeout=120)
    install = [UV, "pip", "install", "-q", "--python", folder]
    taken = [str(word) for word in (*install, "--no-deps", f"{intruder}=={version}")]
    if subprocess.run(taken, check=False, capture_output=True, timeout=300).returncode:
        pytest.skip(f"{intruder} {version} cannot be had: no network, and not in the cache")
    ours = [str(word) for word in (*install, "--refresh-package=vega-cli", "--find-links", wheels, "vega-cli")]
    subprocess.run(ours, check=True, timeout=300)

    def vega(word: str) -> subprocess.CompletedProcess[str]:
        command = [str(folder / "bin" / "python"), "-c", "import sys, _vega_cli; sys.exit(_vega_cli.main())", word]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, cwd=tmp_path)

    assert (vega("--version").returncode, vega("--version").stdout) == (0, "vega 0.1.0\n")
    assert vega("doctor").returncode == 1
    assert f"{intruder} ships vega/__init__.py" in vega("doctor").stderr
    assert f"pip uninstall {intruder}" in vega("doctor").stderr
