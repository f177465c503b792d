"""Asks the advisory databases about every third party in the development environment; exit status 1 on a finding.

A service that knows none of the packages (an index without advisories, no network) is a skip that says so, no pass.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from wheels import ROOT, UV

LIMIT = 300.0
SERVICES = ("pypi", "osv")


def main() -> int:
    """Ask each service in turn until one has answered for a package; return the exit status."""
    if not UV.is_file():
        return skipped("uv is not there to run pip-audit")
    with tempfile.TemporaryDirectory() as folder:
        frozen = Path(folder) / "requirements.txt"
        listed = [UV, "pip", "freeze", "--python", ROOT / ".venv" / "bin" / "python", "--exclude-editable"]
        frozen.write_text(subprocess.run(listed, check=True, capture_output=True, text=True, timeout=60).stdout)
        reasons = []
        for service in SERVICES:
            command = [UV, "tool", "run", "pip-audit", "-r", frozen, "--no-deps", "--disable-pip", "-f", "json"]
            try:
                done = subprocess.run(
                    [*map(str, command), "-s", service, "--timeout", "10"],
                    check=False,
                    capture_output=True,
                    text=True,
                    timeout=LIMIT,
                    stdin=subprocess.DEVNULL,
                )
                found = json.loads(done.stdout)["dependencies"]
            except (subprocess.TimeoutExpired, ValueError) as error:
                reasons.append(f"{service} does not answer ({type(error).__name__})")
                continue
            asked = [each for each in found if "skip_reason" not in each]
            if asked:
                return report(service, asked, len(found))
            reasons.append(f"{service} knows none of the {len(found)} packages")
    return skipped("; ".join(reasons))


def report(service: str, asked: list[dict[str, object]], total: int) -> int:
    """Print what a service said, in pytest's closing form; return the exit status."""
    bad = [each for each in asked if each.get("vulns")]
    for each in bad:
        print(f"{each['name']} {each['version']}: {json.dumps(each['vulns'])}")
    if len(asked) < total:
        print(f"SKIPPED [{total - len(asked)}] pip-audit: packages that {service} does not know")
    print(f"{len(asked) - len(bad)} passed, {len(bad)} failed, {total - len(asked)} skipped in 0 s")
    return int(bool(bad))


def skipped(reason: str) -> int:
    """Print that nothing could be asked, in pytest's closing form."""
    print(f"SKIPPED [1] pip-audit: {reason}\n1 skipped in 0 s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
