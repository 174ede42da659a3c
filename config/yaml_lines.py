"""Read one YAML file into plain values, with the line of every key.

A small, predictable subset of YAML (see `config.yaml_builder`). Plain scalars mean
what they look like: `null`, `true`, `false`, whole numbers, decimals (exact, never
binary floats), `2026-11-20` as a date; everything else, `yes` and `0123` too, is
text. No validation of shapes here.
"""

import re
from dataclasses import dataclass
from pathlib import Path as FilePath

import yaml

from config.problems import Path, Problem, shown_path
from config.yaml_builder import StopReadingError, Yaml, YamlBuilder

#: A catalog of a thousand workflows is about 0.5 MB.
MAX_BYTES = 4 * 1024 * 1024

# libyaml reads ten times faster; PyYAML's own parser takes over where it is not built in.
_LOADER = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Document:
    """What one file says.

    Attributes:
        name: File name, as problems show it.
        value: Plain values; None if the file could not be read at all.
        lines: Line (from 1) of every key and list item, by path; the root is `()`.
        problems: What is wrong with the file as YAML.
    """

    name: str
    value: Yaml
    lines: dict[Path, int]
    problems: tuple[Problem, ...]

    def problem(self, path: Path, message: str) -> Problem:
        """Make a problem at a path, or at the nearest place above it that the file has."""
        known = path
        while known and known not in self.lines:
            known = known[:-1]
        return Problem(self.name, self.lines.get(known, 0), shown_path(path), message)


def read_document(file: FilePath) -> Document:
    """Read a file; whatever is wrong with it is in the document's problems."""
    try:
        if not file.is_file():
            return _unreadable(file.name, "does not exist; create it or set GRADUAND_CONFIG_DIR.")
        with file.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except OSError as error:
        return _unreadable(file.name, f"cannot be read ({error.strerror}); check its permissions.")
    return parse_document(file.name, content)


def parse_document(name: str, content: bytes) -> Document:
    """Parse the bytes of a file; see `read_document`."""
    if len(content) > MAX_BYTES:
        return _unreadable(name, f"is larger than {MAX_BYTES // 1024**2} MiB; split or shorten it.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return _unreadable(name, "is not UTF-8 here; save the file as UTF-8.", line)
    unprintable = _UNPRINTABLE.search(text)
    if unprintable is not None:
        line = text.count("\n", 0, unprintable.start()) + 1
        return _unreadable(name, "holds a character that YAML does not allow; remove it.", line)
    builder = YamlBuilder(name)
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            builder.take(event)
    except StopReadingError:
        builder.root = None
    except yaml.YAMLError as error:
        builder.problems.append(_syntax_problem(name, text, error, builder))
        builder.root = None
    return Document(name, builder.root, builder.lines, tuple(builder.problems))


def _unreadable(name: str, message: str, line: int = 0) -> Document:
    return Document(name, None, {}, (Problem(name, line, "", message),))


def _syntax_problem(name: str, text: str, error: yaml.YAMLError, builder: YamlBuilder) -> Problem:
    # PyYAML's own words may quote the file, so only its place is used.
    mark = getattr(error, "problem_mark", None)
    if "quoted scalar" in (getattr(error, "context", None) or ""):
        mark = getattr(error, "context_mark", None)
    line = mark.line if mark is not None else 0
    # A quote or bracket that never closes is best looked for where it opens.
    begun = [path for path, begins in builder.lines.items() if begins == line + 1]
    path = begun[0] if begun else builder.current_path()
    bracket = builder.open_bracket()
    if bracket is not None:
        path, line = bracket, builder.lines.get(bracket, line + 1) - 1
    lines = text.split("\n")
    line = min(line, len(lines) - 1)  # a file that ends too early ends after its last line
    content = lines[line]
    if mark is not None and content[mark.column : mark.column + 1] in {"@", "`", "%"}:
        message = "has a value that starts with `@`, `%` or a backtick; name a role, or quote it."
    elif re.match(r" *\t", content):
        message = "is indented with a tab; use spaces."
    else:
        message = (
            "is not valid YAML; look at this line and the one above for a missing colon, "
            "quote or bracket, or for indentation that does not line up."
        )
    return Problem(name, line + 1, shown_path(path), message)
