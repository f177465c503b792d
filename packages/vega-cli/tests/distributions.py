"""Distributions that tests install on the path: a module with entry points, or a plugin."""

from pathlib import Path


def install(site: Path, body: str, entry_points: str) -> None:
    """Write `pay_kit` and its metadata into a folder on the path."""
    (site / "pay_kit.py").write_text(body)
    metadata = site / "pay_kit-1.dist-info"
    metadata.mkdir()
    (metadata / "entry_points.txt").write_text(entry_points)


def plugin(folder: Path, body: str) -> None:
    """Install a plugin `pay` in a folder of the path."""
    (folder / "pay_plugin.py").write_text(f"from vega.core.extend import Finding, Plugin, Process\n{body}")
    metadata = folder / "pay-1.dist-info"
    metadata.mkdir()
    (metadata / "entry_points.txt").write_text("[vega.plugins]\npay = pay_plugin:Pay\n")
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: pay\nVersion: 1\n")
