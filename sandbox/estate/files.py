"""The estate's log files, as they stand at a moment."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from sandbox.estate import claude_code, codex, gateway_rows, otlp
from sandbox.estate.records import Estate

Line = tuple[datetime, str]


def write_files(folder: Path, estate: Estate, now: datetime) -> None:
    """Write all files as they stand at a moment; what is not there yet is taken away.

    The first line that is still being written stands half at the end of its file.

    Args:
        folder: Becomes the parent of a folder for each log.
        estate: What happened.
        now: Aware UTC.
    """
    for name, files in _folders(estate):
        target = folder / name
        written = _texts(files, now)
        known = {path for path in target.rglob("*") if path.is_file()}
        for stale in known - {target / file for file in written}:
            stale.unlink()
        for file, text in written.items():
            path = target / file
            if path not in known or path.read_text(encoding="utf-8") != text:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")


def _folders(estate: Estate) -> Iterator[tuple[str, Mapping[str, Sequence[Line]]]]:
    yield claude_code.FOLDER, claude_code.transcripts(estate.requests)
    yield codex.FOLDER, codex.rollouts(estate.requests)
    yield otlp.FOLDER, otlp.exports(estate.requests)
    yield gateway_rows.FOLDER, gateway_rows.export(estate.requests)


def _texts(files: Mapping[str, Sequence[Line]], now: datetime) -> dict[str, str]:
    texts = {
        name: "".join(f"{text}\n" for at, text in lines if at <= now)
        for name, lines in files.items()
    }
    coming = [
        (at, name, number)
        for name, lines in files.items()
        for number, (at, _) in enumerate(lines)
        if at > now
    ]
    if coming:
        _, name, number = min(coming)
        text = files[name][number][1]
        texts[name] += text[: len(text) // 2]
    return {name: text for name, text in texts.items() if text}
