"""Write a file whole or not at all, and never over another one unasked."""

import os
import tempfile
from pathlib import Path

from tasks.core.exports.billed_lines import ExportError


def write_file(path: Path, data: bytes, *, replaces: bool) -> None:
    """Write aside, flush, then put in place.

    Args:
        path: Where to; missing folders are made.
        data: The whole content.
        replaces: An existing file may be replaced.

    Raises:
        ExportError: The file exists and may not be replaced, or cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            if replaces:
                Path(name).replace(path)
            else:
                os.link(name, path)  # unlike a rename, refuses in one step
        finally:
            Path(name).unlink(missing_ok=True)
    except FileExistsError as fault:
        message = f"{path} exists: move it away, or replace it with --force"
        raise ExportError(message) from fault
    except OSError as fault:
        message = f"{path} cannot be written ({fault.strerror}): choose another place with --out"
        raise ExportError(message) from fault
