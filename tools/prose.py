"""Words that Vega's prose avoids, in docstrings, comments, messages and pages.

`python tools/prose.py` prints what is new. `prose_baseline.txt` counts the places that existed before the lint, as
`path: phrase xN`; a count may only shrink, and the file follows: `python tools/prose.py --shrink` rewrites it, and
refuses while anything is new. `python tools/prose.py FILE ...` prints every place in some files, with lines.
"""

from __future__ import annotations

import ast
import io
import re
import sys
import tokenize
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BASELINE = Path(__file__).with_name("prose_baseline.txt")
SOURCES = ("packages/*/src/**/*.py", "packages/*/tests/**/*.py", "tests/**/*.py", "tools/**/*.py", "benchmarks/*.py")
PAGES = ("*.md", "docs/**/*.md", "packages/*/*.md", "packages/*/changelog.d/*.md")
NOT_PROSE = ("tests/contract/", "tools/prose.py", "tests/architecture/test_prose.py")  # copies, and the list itself
BANNED = {
    "mend": r"\bmend(?:s|ed|ing)?\b",
    "tell for report": r"\b(?:tells?|telling|told)\b",
    "circle for cycle": r"\bcircles?\b",
    "whoever": r"\bwhoever\b",
    "somebody": r"\bsomebody\b",
    "nobody": r"\bnobody\b",
    "anew": r"\banew\b",
    "is no X": r"(?<!there )\bis no (?!longer\b)[a-z]+",
    "over for closed": r"\b(?:is|are|was|were|be|been) over(?=[.,;:)]|$| and\b| when\b| while\b| before\b)",
    "goes without": r"\b(?:go|goes|going|went|gone) without\b",
    "by itself already": r"\bby itself already\b",
    "What or Who as subject": r"(?:^|(?<=[.:;!?]\s))(?:What|Who)\s(?![^.!?]*\?)",
}
_PATTERNS = {
    phrase: re.compile(pattern, re.MULTILINE if phrase.startswith("What") else re.IGNORECASE | re.MULTILINE)
    for phrase, pattern in BANNED.items()
}
_CODE = re.compile(r"^(```|~~~).*?^\1\s*$|`[^`\n]+`", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^#.*$", re.MULTILINE)
_COMMENT = re.compile(r"^#[!:]?\s?")


def places(path: str, text: str) -> Iterator[tuple[int, str]]:
    """Yield line and phrase of each banned phrase in the prose of a file."""
    for line, prose in page(text) if path.endswith(".md") else source(text, messages=not is_test(path)):
        for phrase, pattern in _PATTERNS.items():
            for match in pattern.finditer(prose):
                yield line + prose.count("\n", 0, match.start()), phrase


def is_test(path: str) -> bool:
    """Return whether a file is a test, whose string literals quote what the product says."""
    return "tests/" in path


def page(text: str) -> Iterator[tuple[int, str]]:
    """Yield the prose of a Markdown page: no code, no headings."""
    blank = _CODE.sub(lambda match: "\n" * match[0].count("\n"), text)
    yield 1, _HEADING.sub("", blank)


def source(text: str, *, messages: bool) -> Iterator[tuple[int, str]]:
    """Yield the comments and docstrings of a module, and its string literals of more than one word if wanted."""
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], _COMMENT.sub("", token.string)
    tree = ast.parse(text)
    documented = {id(node.body[0].value): node for node in ast.walk(tree) if _has_docstring(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            if id(node) in documented:
                yield node.lineno, _CODE.sub("", "\n".join(line.strip() for line in node.value.splitlines()))
            elif messages and " " in node.value.strip():
                yield node.lineno, node.value


def _has_docstring(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and ast.get_docstring(node, clean=False) is not None
    )


def files(root: Path) -> Iterator[tuple[str, str]]:
    """Yield path and text of everything that holds prose."""
    for pattern in (*SOURCES, *PAGES):
        for file in sorted(root.glob(pattern)):
            path = file.relative_to(root).as_posix()
            if not path.startswith(NOT_PROSE) and "/." not in f"/{path}" and "__pycache__" not in path:
                yield path, file.read_text(encoding="utf-8")


def count(root: Path) -> Counter[str]:
    """Return how often each phrase stands in each file, as `path: phrase`."""
    return Counter(f"{path}: {phrase}" for path, text in files(root) for _, phrase in places(path, text))


def baseline() -> Counter[str]:
    """Return the counts that existed before the lint."""
    lines = BASELINE.read_text(encoding="utf-8").splitlines() if BASELINE.is_file() else []
    pairs = (line.rpartition(" x") for line in lines)
    return Counter({place: int(number) for place, _, number in pairs})


def main(arguments: list[str]) -> int:
    """Compare the prose with the baseline; return the exit status."""
    if arguments and arguments != ["--shrink"]:
        for name in arguments:
            for line, phrase in places(name, Path(name).read_text(encoding="utf-8")):
                print(f"{name}:{line}: {phrase}")
        return 0
    found, borne = count(ROOT), baseline()
    for place, number in sorted((found - borne).items()):
        print(f"new: {place} x{number} (python tools/prose.py {place.partition(':')[0]} shows the lines)")
    if arguments and not found - borne:
        BASELINE.write_text("".join(f"{place} x{found[place]}\n" for place in sorted(found)), encoding="utf-8")
        borne = found
    for place, number in sorted((borne - found).items()):
        print(f"gone: {place} x{number}; python tools/prose.py --shrink takes it off {BASELINE.name}")
    print(f"{found.total()} banned phrases, {borne.total()} in {BASELINE.name}")
    return int(found != borne)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
